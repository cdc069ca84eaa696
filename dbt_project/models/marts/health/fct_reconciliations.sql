-- the number of records that a vendor reports, beside the number that is stored: QuickBooks deactivates vendors and deletes none, devices
-- are listed again every day
with held as (
    {% set alive = 'not is_deleted' %}
    {% set every = 'true' %}
    {% set newest = 'snapshot_day = (select max(snapshot_day) from ' ~ ref('stg_datto_rmm__devices') ~ ')' %}
    {% set counted = {
        'stg_hubspot__contacts': alive,
        'stg_hubspot__companies': alive,
        'stg_hubspot__deals': alive,
        'stg_hubspot__calls': alive,
        'stg_hubspot__meetings': alive,
        'stg_hubspot__notes': alive,
        'stg_hubspot__tasks': alive,
        'stg_hubspot__emails': alive,
        'stg_autotask__tickets': alive,
        'stg_autotask__time_entries': alive,
        'stg_quickbooks__bills': alive,
        'stg_quickbooks__bill_payments': alive,
        'stg_quickbooks__vendors': every,
        'stg_zendesk__tickets': alive,
        'stg_intercom__conversations': alive,
        'stg_datto_rmm__devices': newest,
    } %}
    {% for model, condition in counted.items() %}
    {%- set source, table_name = model.removeprefix('stg_').split('__') %}
    select
        '{{ source }}' as source,
        '{{ table_name }}' as table_name,
        count(*) filter (where {{ condition }}) as records_held
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

told as (
    select
        source,
        table_name,
        finished_at as counted_at,
        vendor_total
    from {{ ref('stg_scoreline__loads') }}
    where vendor_total is not null
    qualify row_number() over (partition by source, table_name order by load_number desc) = 1
),

compared as (
    select
        told.source,
        sources.source_label,
        told.table_name,
        told.counted_at,
        told.vendor_total,
        held.records_held,
        held.records_held - told.vendor_total as difference,
        -- records come and go between the pull and the count, and a search lags behind: 0.2 %, at least 3
        greatest(3, cast(ceil(told.vendor_total * 0.002) as bigint)) as tolerance
    from told
    inner join held on told.source = held.source and told.table_name = held.table_name
    inner join {{ ref('stg_scoreline__sources') }} as sources on told.source = sources.source
)

select
    *,
    abs(difference) > tolerance as is_off
from compared
