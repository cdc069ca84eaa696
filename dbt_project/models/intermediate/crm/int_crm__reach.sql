-- the local time up to which the CRM of the sales pages was read, null if it never was; no row if there is no CRM
select
    crm.source,
    sources.is_late,
    case
        when sources.complete_through is not null then least({{ local_time(clock()) }}, {{ local_time('sources.complete_through') }})
    end as reached_at
from {{ ref('int_crm__chosen') }} as crm
inner join {{ ref('int_sources__states') }} as sources on crm.source = sources.source
