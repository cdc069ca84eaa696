{{ config(materialized='view') }}

-- what this build says about finished periods, for the snapshot. It is built after the marts, because only what has passed every test
-- is recorded as published; the tests of the receipts are among them: depends_on: {{ ref('fct_contributions') }}
with periods as (
    select
        line_id,
        metric_id,
        'week' as cadence,
        week_start as period_start,
        week_label as period_label,
        value,
        numerator,
        denominator,
        operator,
        target,
        target_2,
        status,
        state,
        as_of
    from {{ ref('fct_scorecard_weekly') }}
    where is_finished

    union all

    select
        line_id,
        metric_id,
        'month' as cadence,
        month_start as period_start,
        month_label as period_label,
        value,
        numerator,
        denominator,
        operator,
        target,
        target_2,
        status,
        state,
        as_of
    from {{ ref('fct_scorecard_monthly') }}
    where is_finished

    union all

    select
        line_id,
        metric_id,
        'quarter' as cadence,
        quarter_start as period_start,
        quarter_label as period_label,
        value,
        null as numerator,
        null as denominator,
        operator,
        target,
        target_2,
        status,
        state,
        as_of
    from {{ ref('fct_scorecard_quarterly') }}
    where is_finished
)

select
    periods.*,
    -- changes when anything that defines the number changes; not when its records do
    md5(concat_ws(
        '|', metrics.fingerprint, lines.aggregation, lines.people, lines.feed, lines.valid_from, {{ settings_fingerprint() }}
    )) as definition,
    recording.recorded_at
from periods
inner join {{ ref('int_scorecard__lines') }} as lines on periods.line_id = lines.line_id
inner join {{ ref('int_scorecard__metrics') }} as metrics on periods.metric_id = metrics.metric_id
inner join {{ ref('int_scorecard__recording') }} as recording on recording.is_recorded
{{ or_as_recorded('scorecard_periods', [
    'line_id', 'metric_id', 'cadence', 'period_start', 'period_label', 'value', 'numerator', 'denominator', 'operator', 'target', 'target_2',
    'status', 'state', 'as_of', 'definition', 'recorded_at',
]) }}
