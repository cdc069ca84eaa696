-- what a vendor says it has, beside what is held of it
with held as (
    {% set tables = [
        ('hubspot', 'contacts', 'stg_hubspot__contacts'),
        ('hubspot', 'companies', 'stg_hubspot__companies'),
        ('hubspot', 'deals', 'stg_hubspot__deals'),
        ('hubspot', 'calls', 'stg_hubspot__calls'),
        ('hubspot', 'meetings', 'stg_hubspot__meetings'),
        ('hubspot', 'notes', 'stg_hubspot__notes'),
        ('hubspot', 'tasks', 'stg_hubspot__tasks'),
        ('hubspot', 'emails', 'stg_hubspot__emails'),
        ('autotask', 'tickets', 'stg_autotask__tickets'),
        ('autotask', 'time_entries', 'stg_autotask__time_entries'),
    ] %}
    {% for source, table_name, model in tables %}
    select
        '{{ source }}' as source,
        '{{ table_name }}' as table_name,
        count(*) filter (where not is_deleted) as records_held
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
