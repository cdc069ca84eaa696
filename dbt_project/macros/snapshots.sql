{#-
    Tables that say what is now, one dated snapshot a day. Their history begins with the first one, which is not the beginning of the
    history of the other tables of the source; a day without a snapshot shows in the metric itself.
-#}
{% macro snapshot_tables() -%}
    cast([
        'billcom.pending_bills', 'billcom.vendor_states', 'company_warehouse.figures', 'company_warehouse.queries',
        'copper.opportunity_stages', 'datto_bcdr.assets', 'datto_bcdr.devices', 'datto_bcdr.saas_backups', 'datto_bcdr.saas_domains',
        'datto_bcdr.saas_seats', 'datto_rmm.devices', 'datto_rmm.sites', 'hubspot.list_members', 'hubspot.marketing_mail_stats',
        'intercom.open_conversations', 'mongodb.figures', 'mongodb.queries', 'quickbooks.vendor_states', 'simplefin.balances',
        'smartlead.campaign_stats', 'smartlead.mailboxes', 'zendesk.open_tickets'
    ] as text[])
{%- endmacro %}
