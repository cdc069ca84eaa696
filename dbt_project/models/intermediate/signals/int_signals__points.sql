-- the finished weeks of each line that say how its numbers vary. A week that is blank, partial or not whole is not a point
with changes as (
    -- numbers before and after these are not of one kind; another goal changes no number
    select
        line_id,
        period_start
    from {{ ref('fct_definition_changes') }}
    where kind in ('sql', 'settings', 'people', 'normal')
)

select
    facts.line_id,
    facts.week_start,
    cast(facts.value as double) as value,
    lines.unit,
    coalesce(lines.is_signed, false) as is_signed,
    -- limits come from the points of one base
    count(changes.period_start) as base
from {{ ref('fct_scorecard_weekly') }} as facts
inner join {{ ref('int_scorecard__lines') }} as lines on facts.line_id = lines.line_id
left join changes on facts.line_id = changes.line_id and facts.week_start >= changes.period_start
where
    facts.is_finished
    and facts.value is not null
    and facts.state in ('live', 'manual')
    and facts.partial_note is null
    and coalesce(facts.n_unknown, 0) = 0
group by all
