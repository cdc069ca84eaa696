select
    actions.action_id,
    actions.line_id,
    actions.period_start,
    actions.what,
    actions.owner as owner_key,
    coalesce(owners.full_name, actions.owner) as owner_name,
    actions.due_on,
    actions.action_state,
    -- when it was done or dropped
    case when actions.action_state <> 'open' then actions.entered_at end as ended_at,
    coalesce(authors.full_name, actions.entered_by) as author,
    actions.entered_at
from {{ ref('stg_scoreline__actions') }} as actions
inner join {{ ref('int_scorecard__lines') }} as lines on actions.line_id = lines.line_id
left join {{ ref('people') }} as owners on actions.owner = owners.person_key
left join {{ ref('people') }} as authors on actions.entered_by = authors.person_key
