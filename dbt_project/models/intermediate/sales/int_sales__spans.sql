-- per period the days that it holds, those that its badge measures (`now`; they differ for all time only) and those a year before, and
-- the local time up to which its events count
{%- set parts = [
    ('period', 'first_day', 'last_day', "timestamp 'infinity'"), ('now', 'now_first', 'now_last', 'now_until'),
    ('then', 'then_first', 'then_last', 'then_until'),
] %}
{% for part, first_day, last_day, until in parts -%}
select
    period_key,
    '{{ part }}' as part,
    {% if part == 'period' -%}
    -- all time has no beginning: its first day is only where its charts begin
    case when period_key = 'all' then date '0001-01-01' else {{ first_day }} end as first_day,
    {%- else -%}
    {{ first_day }} as first_day,
    {%- endif %}
    {{ last_day }} as last_day,
    {{ until }} as until
from {{ ref('int_sales__periods') }}
where {{ first_day }} is not null
{{ 'union all' if not loop.last }}
{% endfor %}
