-- values that nobody can read: those that a load could not store, and those that no list of the vendor knows (macros/known_values.sql).
-- Their records may count on any day that they name, in any way. A day after the load is a plan and not among them; a record that names
-- none may count on the day of the load
with stored_as_empty as (
    select
        source,
        table_name,
        record_id,
        column_name as field,
        cast(null as text) as value,
        noted_at,
        unnest(
            case
                when len(dates) = 0 then [cast(null as date)]
                else
                    list_transform(
                        dates,
                        lambda said: case
                            when len(said) = 10 then try_cast(said as date) else {{ local_day('try_cast(said as timestamptz)') }}
                        end
                    )
            end
        ) as named_day
    from {{ ref('stg_scoreline__unread') }}
),

unlisted as (
    {% for field in known_values() %}
    {%- set source, table_name = field.table.split('.') %}
    select
        '{{ source }}' as source,
        '{{ table_name }}' as table_name,
        cast({{ field.id }} as text) as record_id,
        '{{ field.field }}' as field,
        left(trim(cast({{ field.field }} as text)), 60) as value,
        unnest(
            {%- if field.since %}
            list_concat(
                [{{ field.days | join(', ') }}, {{ today() }}],
                -- a day of each week since
                list_transform(
                    generate_series(cast({{ field.since }} as timestamp), cast({{ today() }} as timestamp), interval 7 days),
                    lambda moment: cast(moment as date)
                )
            )
            {%- else %}
            [{{ field.days | join(', ') }}]
            {%- endif %}
        ) as named_day
    from {{ ref('stg_' ~ source ~ '__' ~ table_name) }}
    where {{ is_unknown_value(field) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

together as (
    select
        * exclude (noted_at),
        {{ local_day('noted_at') }} as last_day
    from stored_as_empty
    union all
    select
        *,
        {{ today() }} as last_day
    from unlisted
),

dated as (
    select
        *,
        case when named_day <= last_day then named_day end as day,
        bool_or(coalesce(named_day <= last_day, false)) over (partition by source, table_name, record_id, field) as is_dated
    from together
)

select
    source,
    table_name,
    record_id,
    field,
    coalesce(day, last_day) as day,
    any_value(value) as value
from dated
where day is not null or not is_dated
group by source, table_name, record_id, field, coalesce(day, last_day)
