-- up to which local time the CRM of the sales pages was read; no row where there is none
select
    sources.is_late,
    least({{ local_time(clock()) }}, {{ local_time('sources.complete_through') }}) as reached_at
from {{ ref('int_crm__chosen') }} as crm
inner join {{ ref('int_sources__states') }} as sources on crm.source = sources.source
