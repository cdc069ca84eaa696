-- the versions of the connected vendors' APIs; warned_from is the first day on which the doctor warns too
select
    versions.source,
    sources.source_label,
    versions.version,
    versions.part,
    versions.last_day,
    regexp_replace(versions.last_day_text, '\d{4}-\d{2}-\d{2}', {{ day_text('versions.last_day') }}) as last_day_text,
    case
        when versions.last_day is null then 'unknown'
        when versions.last_day < {{ today() }} then 'ended'
        when versions.warned_from <= {{ today() }} then 'ending'
        else 'ok'
    end as state
from {{ ref('stg_scoreline__api_versions') }} as versions
inner join {{ ref('int_sources__states') }} as sources on versions.source = sources.source
where not sources.is_not_connected
