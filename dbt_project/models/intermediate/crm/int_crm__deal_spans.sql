-- each deal from day to day, from either CRM: pipeline, stage, amount, owner and planned close at the end of the day
{% for source, model in [('hubspot', 'int_hubspot__deal_spans'), ('copper', 'int_copper__deal_spans')] -%}
select spans.*
from {{ ref(model) }} as spans
inner join {{ ref('int_crm__chosen') }} as crm on crm.source = '{{ source }}'
{{ 'union all' if not loop.last }}
{% endfor %}
