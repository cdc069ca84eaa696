-- a note about a day on which no period of the line begins is older than the line's cadence: there is no number beside it
select
    notes.line_id,
    notes.period_start,
    periods.period_label,
    notes.note,
    coalesce(people.full_name, notes.entered_by) as author,
    notes.entered_at,
    notes.version > 1 as is_edited
from {{ ref('stg_scoreline__notes') }} as notes
inner join {{ ref('int_scorecard__lines') }} as lines on notes.line_id = lines.line_id
inner join {{ ref('int_calendar__periods') }} as periods on lines.cadence = periods.cadence and notes.period_start = periods.period_start
left join {{ ref('people') }} as people on notes.entered_by = people.person_key
