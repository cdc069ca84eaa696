with records as (
    select
        line_id,
        period_start,
        changed_at,
        count(*) as n,
        count(*) filter (where change = 'added') as n_added,
        count(*) filter (where change = 'removed') as n_removed,
        count(*) filter (where change = 'changed') as n_changed,
        -- the source had and has these records, and they count differently
        count(*) filter (where is_known_on_both_sides and coalesce(reason, '') <> 'deleted') as n_differently
    from {{ ref('fct_restatement_records') }}
    group by line_id, period_start, changed_at
)

select
    changes.line_id,
    changes.section,
    changes.metric_id,
    changes.label,
    changes.cadence,
    changes.period_start,
    changes.period_label,
    changes.changed_at,
    changes.published_at,
    changes.kind,
    case
        when changes.kind = 'rejudged' then 'goal'
        when changes.is_other_definition and (coalesce(records.n, 0) = 0 or records.n_differently > 0) then 'definition'
        when records.n > 0 then 'records'
        else 'coverage'
    end as cause,
    changes.value_was,
    changes.value_now,
    changes.numerator_was,
    changes.numerator_now,
    changes.denominator_was,
    changes.denominator_now,
    changes.operator_was,
    changes.operator_now,
    changes.target_was,
    changes.target_now,
    changes.target_2_was,
    changes.target_2_now,
    changes.status_was,
    changes.status_now,
    changes.state_was,
    changes.state_now,
    cast(coalesce(records.n_added, 0) as integer) as n_added,
    cast(coalesce(records.n_removed, 0) as integer) as n_removed,
    cast(coalesce(records.n_changed, 0) as integer) as n_changed
from {{ ref('int_restatements__changes') }} as changes
left join records
    on
        changes.line_id = records.line_id
        and changes.period_start = records.period_start
        and changes.changed_at = records.changed_at
