-- per period the days that it holds, those that its badge measures (`now`; they differ for all time only) and those a year before
{%- set parts = [('period', 'first_day', 'last_day'), ('now', 'now_first', 'now_last'), ('then', 'then_first', 'then_last')] %}
{% for part, first_day, last_day in parts -%}
select
    period_key,
    '{{ part }}' as part,
    {{ first_day }} as first_day,
    {{ last_day }} as last_day
from {{ ref('int_sales__periods') }}
where {{ first_day }} is not null
{{ 'union all' if not loop.last }}
{% endfor %}
