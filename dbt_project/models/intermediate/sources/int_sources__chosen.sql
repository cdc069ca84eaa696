-- sources that can replace each other: which one of them is read: the one that company.toml names, else the first
-- that is connected, else the one that was read last, whose past stays, else the first. One row per choice and source; a metric names
-- its choice in its meta (`one_of`)
{%- set choices = [
    ('crm', 'hubspot', 'sales.crm'),
    ('crm', 'copper', 'sales.crm'),
    ('funnel', 'hubspot', none),
    ('funnel', 'company_warehouse', none),
    ('outreach', 'smartlead', 'supply.email_source'),
    ('outreach', 'hubspot', 'supply.email_source'),
    ('w9', 'quickbooks', 'accounting.w9_source'),
    ('w9', 'billcom', 'accounting.w9_source'),
] %}
with candidates as (
    {% for choice, source, asked in choices -%}
    select
        '{{ choice }}' as choice,
        '{{ source }}' as source,
        {{ loop.index }} as place,
        {% if asked %}lower({{ setting(asked, default='') }}) = '{{ source }}'{% else %}false{% endif %} as is_asked
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    candidates.choice,
    candidates.source,
    coalesce(sources.is_not_connected, true) as is_not_connected,
    sources.last_success_at is not null as was_read,
    row_number() over (
        partition by candidates.choice
        order by
            candidates.is_asked desc,
            coalesce(sources.is_not_connected, true) asc,
            case when sources.is_not_connected then sources.last_success_at end desc nulls last,
            candidates.place asc
    ) = 1 as is_chosen
from candidates
left join {{ ref('int_sources__states') }} as sources on candidates.source = sources.source
