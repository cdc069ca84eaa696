{%- set kinds = ['calls', 'emails', 'meetings', 'tasks', 'notes'] -%}
-- the trend of activities: days up to a month, weeks up to about a quarter, months beyond
with days as (
    select
        periods.period_key,
        days.day,
        case
            when periods.last_day - periods.first_day < 31 then days.day
            when periods.last_day - periods.first_day < 120 then days.week_start
            else days.month_start
        end as bucket,
        case
            when periods.last_day - periods.first_day < 120 then {{ day_text('bucket', 'day') }}
            else {{ day_text('bucket', 'month') }}
        end as bucket_label
    from {{ ref('int_sales__periods') }} as periods
    inner join {{ ref('int_calendar__days') }} as days on days.day between periods.first_day and periods.last_day
),

buckets as (
    select
        period_key,
        bucket,
        any_value(bucket_label) as bucket_label,
        min(day) as first_day,
        max(day) as last_day
    from days
    group by period_key, bucket
),

{% for kind in kinds -%}
{{ kind }}_read as (
    select {{ read_state() }}
    {{ tables_needed(['stg_hubspot__' ~ kind, 'stg_copper__activities']) }}
),

{% endfor -%}
counted as (
    select
        days.period_key,
        coalesce(owners.shown_key, 'all') as owner_key,
        days.bucket,
    {% for kind in ['call', 'email', 'meeting', 'task', 'note'] -%}
    count(*) filter (where activities.activity_type = '{{ kind }}') as {{ kind }}s{{ ',' if not loop.last }}
    {% endfor -%}
    from days
    inner join {{ ref('int_crm__activities') }} as activities on days.day = activities.day
    inner join {{ ref('int_sales__owners') }} as owners on activities.owner_key = owners.owner_key
    where not activities.is_deleted and activities.is_ours
    group by grouping sets ((days.period_key, owners.shown_key, days.bucket), (days.period_key, days.bucket))
)

select
    buckets.period_key,
    owners.owner_key,
    cast(row_number() over (partition by buckets.period_key, owners.owner_key order by buckets.bucket) as bigint) as bucket_order,
    buckets.bucket_label,
    buckets.first_day,
    buckets.last_day,
{% for kind in kinds -%}
-- 0 in days that were not read to their end is unknown
case
    when counted.{{ kind }} > 0 or not {{ ends_after_reading('buckets', kind ~ '_read') }}
        then coalesce(counted.{{ kind }}, 0)
end as {{ kind }}{{ ',' if not loop.last }}
{% endfor -%}
from buckets
{% for kind in kinds -%}
cross join {{ kind }}_read
{% endfor -%}
cross join {{ ref('dim_sales_owners') }} as owners
left join counted
    on buckets.period_key = counted.period_key and buckets.bucket = counted.bucket and owners.owner_key = counted.owner_key
