-- the records with a field that staging left out, because nobody can mean its value
{% set records = {
    'stg_ad_spend_csv__spend': "file || ':' || line",
    'stg_autotask__time_entries': 'time_entry_id',
    'stg_billcom__bills': 'bill_id',
    'stg_company_warehouse__figures': "query_name || ':' || snapshot_date || ':' || row_number",
    'stg_mongodb__figures': "query_name || ':' || snapshot_date || ':' || row_number",
    'stg_copper__opportunities': 'opportunity_id',
    'stg_datto_bcdr__devices': "device_serial_number || ':' || snapshot_day",
    'stg_datto_bcdr__saas_backups': "concat_ws(':', customer_id, snapshot_day, app_type, time_window)",
    'stg_datto_bcdr__saas_domains': "customer_id || ':' || snapshot_day",
    'stg_datto_rmm__devices': "device_uid || ':' || snapshot_day",
    'stg_google_ads__spend': "concat_ws(':', account_id, campaign_id, spend_day)",
    'stg_meta_ads__spend': "concat_ws(':', account_id, campaign_id, spend_day)",
    'stg_linkedin_ads__spend': "concat_ws(':', account_id, campaign_id, spend_day)",
    'stg_hubspot__deals': 'deal_id',
    'stg_hubspot__companies': 'company_id',
    'stg_hubspot__calls': 'call_id',
    'stg_hubspot__web_traffic': "visit_day || ':' || traffic_source",
    'stg_hubspot__marketing_mail_stats': "mail_id || ':' || snapshot_day",
    'stg_intercom__conversations': 'conversation_id',
    'stg_justcall__calls': 'call_id',
    'stg_manual__entries': "file || ':' || line",
    'stg_microsoft_graph__secure_scores': 'score_id',
    'stg_quickbooks__bills': 'bill_id',
    'stg_quickbooks__bill_payments': 'bill_payment_id',
    'stg_quickbooks__purchases': 'purchase_id',
    'stg_quickbooks__profit_and_loss': "concat_ws(':', accounting_method, month_start, line_number)",
    'stg_quickbooks__cash_flow': "concat_ws(':', month_start, line_number)",
    'stg_simplefin__balances': "account_key || ':' || snapshot_day",
    'stg_smartlead__campaign_stats': "campaign_id || ':' || snapshot_date",
    'stg_smartlead__mailboxes': "mailbox_id || ':' || snapshot_date",
    'stg_zendesk__tickets': 'ticket_id',
} -%}
with found as (
    {% for model, record_id in records.items() %}
    {%- set source, table_name = model.removeprefix('stg_').split('__') %}
    select
        '{{ source }}' as source,
        '{{ table_name }}' as table_name,
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
