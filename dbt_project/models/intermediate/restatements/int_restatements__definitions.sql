{{ config(materialized='view') }}

-- what defines each line as this build publishes it, for the snapshot. Recorded after the numbers, so only what has passed every test:
-- depends_on: {{ ref('scorecard_periods') }}
select
    lines.line_id,
    metrics.sql_fingerprint,
    -- the first algorithm wrote no number
    '2:' || md5(concat_ws(
        '|', lines.aggregation, lines.people, lines.feed, lines.valid_from, metrics.settings_fingerprint
    )) as settings_fingerprint,
    recording.recorded_at
from {{ ref('int_scorecard__lines') }} as lines
inner join {{ ref('int_scorecard__metrics') }} as metrics on lines.metric_id = metrics.metric_id
inner join {{ ref('int_scorecard__recording') }} as recording on recording.is_recorded
{{ or_as_recorded('scorecard_definitions', ['line_id', 'sql_fingerprint', 'settings_fingerprint', 'recorded_at']) }}
