{{ config(materialized='view') }}

-- the receipts of finished periods, for the snapshot. They are recorded after the periods: a build that is killed between the two
-- leaves numbers that wait for their records, never the reverse
with periods as (
    select
        line_id,
        cadence,
        period_start
    from {{ ref('scorecard_periods') }}
    where dbt_valid_to is null
),

records as (
    select
        contributions.line_id,
        case lines.cadence
            when 'week' then contributions.week_start
            else {{ quarter_start('contributions.occurred_on') }}
        end as period_start,
        contributions.person_key,
        contributions.person_name,
        contributions.occurred_on,
        contributions.numerator,
        contributions.denominator,
        contributions.counted,
        contributions.reason,
        contributions.source,
        contributions.record_type,
        contributions.record_id,
        contributions.record_url,
        contributions.record_label
    from {{ ref('fct_contributions') }} as contributions
    inner join {{ ref('dim_lines') }} as lines on contributions.line_id = lines.line_id
)

select
    md5(concat_ws(
        '|', records.line_id, records.source, records.record_type, records.record_id, coalesce(records.person_key, ''), records.occurred_on
    )) as record_key,
    records.*,
    recording.recorded_at
from records
inner join periods on records.line_id = periods.line_id and records.period_start = periods.period_start
inner join {{ ref('int_scorecard__recording') }} as recording on recording.is_recorded
{{ or_as_recorded('scorecard_records', [
    'record_key', 'line_id', 'period_start', 'person_key', 'person_name', 'occurred_on', 'numerator', 'denominator', 'counted', 'reason',
    'source', 'record_type', 'record_id', 'record_url', 'record_label', 'recorded_at',
]) }}
