-- the finished weeks of each line that say how its numbers vary. A week that is blank, partial or not whole is not a point
with changes as (
    -- numbers before and after these are not of one kind; another goal changes no number
    select
        line_id,
        period_start
    from {{ ref('fct_definition_changes') }}
    where kind in ('sql', 'settings', 'people', 'normal')
),

weeks as (
    select
        facts.line_id,
        facts.week_start,
        facts.value,
        {{ is_whole_part() }} and coalesce(facts.n_unknown, 0) = 0 as is_known
    from {{ ref('fct_scorecard_weekly') }} as facts
    where facts.is_finished
),

stretched as (
    select
        *,
        -- nobody knows what a week did that is not known: runs of weeks and changes from one week to the next don't reach across it
        count_if(not is_known) over (partition by line_id order by week_start) as stretch
    from weeks
)

select
    weeks.line_id,
    weeks.week_start,
    cast(weeks.value as double) as value,
    lines.unit,
    coalesce(lines.is_signed, false) as is_signed,
    -- limits come from the points of one base
    count(changes.period_start) as base,
    weeks.stretch
from stretched as weeks
inner join {{ ref('int_scorecard__lines') }} as lines on weeks.line_id = lines.line_id
left join changes on weeks.line_id = changes.line_id and weeks.week_start >= changes.period_start
-- a week with nothing to divide by is known, and no point
where weeks.is_known and weeks.value is not null
group by all
