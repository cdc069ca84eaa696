select
    source,
    source_label as label,
    kind,
    freshness_hours,
    case
        when is_not_connected then 'not_connected'
        when is_failing then 'failing'
        when is_late then 'late'
        when refused is not null then 'partly_refused'
        else 'ok'
    end as state,
    refused,
    complete_through,
    last_success_at,
    last_attempt_at,
    last_error,
    newest_record,
    cast(rows_total as bigint) as rows_total,
    cast(rows_loaded as bigint) as rows_loaded,
    cast(requests as bigint) as requests,
    cast(waited_seconds as double) as waited_seconds,
    access_ends
from {{ ref('int_sources__states') }}
