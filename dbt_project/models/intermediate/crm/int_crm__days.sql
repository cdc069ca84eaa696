-- the ends of weeks, and today, on which the CRM is looked at: from the first line or the first deal on. No row where no CRM is connected:
-- nobody looked
select distinct
    least(days.week_start + 6, {{ today() }}) as snapshot_day,
    crm.source
from {{ ref('int_calendar__days') }} as days
cross join {{ ref('int_crm__chosen') }} as crm
where
    days.day <= {{ today() }}
    and days.week_start >= {{ week_start('(
        select least(min(lines.valid_from), (select min(deals.opened_on) from ' ~ ref('int_crm__deals') ~ ' as deals))
        from ' ~ ref('scorecard_lines') ~ ' as lines
    )') }}
