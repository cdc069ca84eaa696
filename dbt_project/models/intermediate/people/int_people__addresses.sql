-- the address by which each tool knows a person: the tool's column of people.csv, or else the column email
{%- set tools = ['autotask', 'copper', 'hubspot', 'intercom', 'justcall', 'zendesk'] %}
with every_column as (
    -- a file lacks the columns of tools in which nobody has another address
    select * from {{ ref('people') }}

    union all by name

    select
    {% for tool in tools -%}
        cast(null as text) as {{ tool }}_email{{ ',' if not loop.last }}
    {% endfor -%}
    where false
)

{% for tool in tools %}
select
    '{{ tool }}' as source,
    person_key,
    lower(trim(coalesce(nullif(trim({{ tool }}_email), ''), email))) as address
from every_column
{{ 'union all' if not loop.last }}
{% endfor %}
