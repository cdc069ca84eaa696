-- the days for which deals, contacts and companies of the CRM are evaluated: the ends of weeks, from the first line or deal on, and
-- now. Now is today or, if the CRM is late, the day that it was read to. A day is known if it was read to its end. If only a part of it
-- was read (`is_read`), the scorecard shows the state at that time, as stale. No row if no CRM is connected
with read as (
    {% for kind, model in [('deals', 'int_crm__deal_spans'), ('contacts', 'int_crm__contacts'), ('companies', 'int_crm__companies')] -%}
    select
        '{{ kind }}' as kind,
        {{ read_state() }}
    {{ tables_needed([model]) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

reached as (
    select
        read.*,
        crm.source,
        case
            when read.is_late and not read.is_unread then least({{ today() }}, {{ local_day('read.read_through') }})
            else {{ today() }}
        end as now_day
    from read
    cross join {{ ref('int_crm__chosen') }} as crm
),

ends as (
    select distinct week_start + 6 as last_day
    from {{ ref('int_calendar__days') }}
    where
        week_start + 6 < {{ today() }}
        and week_start >= {{ week_start('(
            select least(min(lines.valid_from), (select min(deals.opened_on) from ' ~ ref('int_crm__deals') ~ ' as deals))
            from ' ~ ref('scorecard_lines') ~ ' as lines
        )') }}
)

select
    reached.kind,
    reached.source,
    ends.last_day as snapshot_day,
    false as is_now,
    not reached.is_unread and {{ local_day('reached.read_through') }} >= ends.last_day as is_read,
    reached.read_through is not null and not {{ ends_after_reading('ends', 'reached') }} as is_known,
    reached.read_through
from reached
inner join ends on reached.now_day <> ends.last_day

union all

select
    kind,
    source,
    now_day as snapshot_day,
    true as is_now,
    not is_unread as is_read,
    not is_unread as is_known,
    read_through
from reached
