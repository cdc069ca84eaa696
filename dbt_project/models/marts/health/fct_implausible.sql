-- the records with a field that staging left out, because nobody can mean its value
{% set records = [
    ('ad_spend_csv', 'stg_ad_spend_csv__spend', "file || ':' || line"),
    ('autotask', 'stg_autotask__time_entries', 'time_entry_id'),
    ('billcom', 'stg_billcom__bills', 'bill_id'),
    ('company_warehouse', 'stg_company_warehouse__figures', "query_name || ':' || snapshot_date || ':' || row_number"),
    ('mongodb', 'stg_mongodb__figures', "query_name || ':' || snapshot_date || ':' || row_number"),
    ('copper', 'stg_copper__opportunities', 'opportunity_id'),
    ('datto_bcdr', 'stg_datto_bcdr__devices', "device_serial_number || ':' || snapshot_day"),
    ('datto_bcdr', 'stg_datto_bcdr__saas_backups', "concat_ws(':', customer_id, snapshot_day, app_type, time_window)"),
    ('datto_bcdr', 'stg_datto_bcdr__saas_domains', "customer_id || ':' || snapshot_day"),
    ('datto_rmm', 'stg_datto_rmm__devices', "device_uid || ':' || snapshot_day"),
    ('google_ads', 'stg_google_ads__spend', "concat_ws(':', account_id, campaign_id, spend_day)"),
    ('meta_ads', 'stg_meta_ads__spend', "concat_ws(':', account_id, campaign_id, spend_day)"),
    ('linkedin_ads', 'stg_linkedin_ads__spend', "concat_ws(':', account_id, campaign_id, spend_day)"),
    ('hubspot', 'stg_hubspot__deals', 'deal_id'),
    ('hubspot', 'stg_hubspot__companies', 'company_id'),
    ('hubspot', 'stg_hubspot__calls', 'call_id'),
    ('hubspot', 'stg_hubspot__web_traffic', "visit_day || ':' || traffic_source"),
    ('hubspot', 'stg_hubspot__marketing_mail_stats', "mail_id || ':' || snapshot_day"),
    ('intercom', 'stg_intercom__conversations', 'conversation_id'),
    ('justcall', 'stg_justcall__calls', 'call_id'),
    ('manual', 'stg_manual__entries', "file || ':' || line"),
    ('microsoft_graph', 'stg_microsoft_graph__secure_scores', 'score_id'),
    ('quickbooks', 'stg_quickbooks__bills', 'bill_id'),
    ('quickbooks', 'stg_quickbooks__bill_payments', 'bill_payment_id'),
    ('quickbooks', 'stg_quickbooks__purchases', 'purchase_id'),
    ('quickbooks', 'stg_quickbooks__profit_and_loss', "concat_ws(':', accounting_method, month_start, line_number)"),
    ('quickbooks', 'stg_quickbooks__cash_flow', "concat_ws(':', month_start, line_number)"),
    ('simplefin', 'stg_simplefin__balances', "account_key || ':' || snapshot_day"),
    ('smartlead', 'stg_smartlead__campaign_stats', "campaign_id || ':' || snapshot_date"),
    ('smartlead', 'stg_smartlead__mailboxes', "mailbox_id || ':' || snapshot_date"),
    ('zendesk', 'stg_zendesk__tickets', 'ticket_id'),
] -%}
with found as (
    {% for source, model, record_id in records %}
    select
        '{{ source }}' as source,
        '{{ model.partition('__')[2] }}' as table_name,
        cast({{ record_id }} as text) as record_id,
        unnest(implausible) as field
    from {{ ref(model) }}
    where len(implausible) > 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    found.source,
    sources.source_label,
    found.table_name,
    found.record_id,
    found.field,
    'Correct it in ' || sources.source_label || '; until then it is left out and the number is partial.' as way_out
from found
inner join {{ ref('stg_scoreline__sources') }} as sources on found.source = sources.source
