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
)

select
    md5(concat_ws(
        '|', records.line_id, records.source, records.record_type, records.record_id, coalesce(records.person_key, ''), records.occurred_on
    )) as record_key,
    records.line_id,
    records.period_start,
    records.person_key,
    records.person_name,
    records.occurred_on,
    records.numerator,
    records.denominator,
    records.counted,
    records.reason,
    records.source,
    records.record_type,
    records.record_id,
    records.record_url,
    records.record_label,
    recording.recorded_at
from {{ ref('fct_contributions') }} as records
inner join periods on records.line_id = periods.line_id and records.period_start = periods.period_start
inner join {{ ref('int_scorecard__recording') }} as recording on recording.is_recorded
{{ or_as_recorded('scorecard_records', [
    'record_key', 'line_id', 'period_start', 'person_key', 'person_name', 'occurred_on', 'numerator', 'denominator', 'counted', 'reason',
    'source', 'record_type', 'record_id', 'record_url', 'record_label', 'recorded_at',
]) }}
