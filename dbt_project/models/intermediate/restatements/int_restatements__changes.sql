-- one row per line, period and change of what was said about it: what it was and what it is. Only settled statements are compared:
-- a number that openly said it was provisional or stale is nobody's last word, and becoming complete is not a restatement
with versions as (
    select
        *,
        lead(dbt_valid_from) over (partition by line_id, period_start order by dbt_valid_from) as next_from
    from {{ ref('scorecard_periods') }}
),

-- a period that is not in the facts any more; one that only said zero falls off the end of a line's history by itself
gone as (
    select
        * replace (
            dbt_valid_to as dbt_valid_from,
            next_from as dbt_valid_to,
            null as value,
            null as numerator,
            null as denominator,
            'no_data' as status,
            'missing' as state
        )
    from versions
    where
        dbt_valid_to is not null
        and (next_from is null or next_from > dbt_valid_to)
        and value <> 0
),

every_version as (
    select * from versions
    union all
    select * from gone
),

told as (
    select
        every_version.*,
        lines.section,
        lines.label,
        lines.sources = ['manual'] as is_manual,
        every_version.value is not null or every_version.status = 'not_applicable' as has_value,
        -- what is compared, as one thing each: nulls are equal to nulls
        hash(every_version.value, every_version.numerator, every_version.denominator) as number_hash,
        hash(every_version.operator, every_version.target, every_version.target_2, every_version.status) as verdict_hash
    from every_version
    inner join {{ ref('int_scorecard__lines') }} as lines on every_version.line_id = lines.line_id
),

weighed as (
    select
        *,
        coalesce(
            bool_or(has_value and state in ('live', 'manual')) over (
                partition by line_id, period_start order by dbt_valid_from rows between unbounded preceding and 1 preceding
            ), false
        ) as had_number
    from told
),

-- a blank counts as a statement where the source had been read before, or a person had not typed; not while nothing was connected
settled as (
    select *
    from weighed
    where
        has_value and state in ('live', 'manual')
        or not has_value and state <> 'stale' and (had_number or state = 'missing' and (is_manual or as_of is not null))
),

paired as (
    select
        *,
        row_number() over before as position,
        lag(has_value) over before as had_value,
        lag(dbt_valid_to) over before as was_until,
        lag(value) over before as value_was,
        lag(numerator) over before as numerator_was,
        lag(denominator) over before as denominator_was,
        lag(operator) over before as operator_was,
        lag(target) over before as target_was,
        lag(target_2) over before as target_2_was,
        lag(status) over before as status_was,
        lag(state) over before as state_was,
        lag(number_hash) over before <> number_hash as is_other_number,
        lag(verdict_hash) over before <> verdict_hash as is_other_verdict,
        lag(definition) over before <> definition as is_other_definition
    from settled
    window before as (partition by line_id, period_start order by dbt_valid_from)
),

marked as (
    select
        *,
        position > 1 and (is_other_number or has_value and is_other_verdict) as is_change
    from paired
),

-- published since: from the change before on, or from the first statement; versions that differ only in what is not shown are not news
dated as (
    select
        *,
        max(case when is_change or position = 1 then dbt_valid_from end) over (
            partition by line_id, period_start order by dbt_valid_from rows between unbounded preceding and 1 preceding
        ) as published_at
    from marked
)

select
    line_id,
    section,
    metric_id,
    label,
    cadence,
    period_start,
    period_label,
    dbt_valid_from as changed_at,
    published_at,
    was_until,
    dbt_valid_to as valid_until,
    case
        when not is_other_number then 'rejudged'
        when not had_value then 'filled'
        when not has_value then 'withdrawn'
        else 'restated'
    end as kind,
    value_was,
    value as value_now,
    numerator_was,
    numerator as numerator_now,
    denominator_was,
    denominator as denominator_now,
    operator_was,
    operator as operator_now,
    target_was,
    target as target_now,
    target_2_was,
    target_2 as target_2_now,
    status_was,
    status as status_now,
    state_was,
    state as state_now,
    is_other_definition
from dated
where is_change
