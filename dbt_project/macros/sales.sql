{#- What the models of the sales pages share. -#}

{#- the days of a span as people write them: 27 Oct 2025, 20 Oct – 26 Oct 2025, 30 Dec 2024 – 5 Jan 2025 -#}
{% macro span_text(first_day, last_day) -%}
    case
        when {{ first_day }} = {{ last_day }} then ''
        when year({{ first_day }}) = year({{ last_day }}) then {{ day_text(first_day, 'day') }} || ' – '
        else {{ day_text(first_day) }} || ' – '
    end
    || {{ day_text(last_day) }}
{%- endmacro %}

{#- a vendor's constant as words: PAID_SEARCH is Paid search -#}
{% macro words(constant) -%}
    regexp_replace(regexp_replace(upper(left({{ constant }}, 1)) || lower(replace(substr({{ constant }}, 2), '_', ' ')), '^Ai\b', 'AI'), '^Email\b', 'E-mail')
{%- endmacro %}

{#- the last twelve months up to a day begin on this one -#}
{% macro year_before(day) -%}
    cast({{ day }} - interval 1 year + interval 1 day as date)
{%- endmacro %}

{#-
    The step of the funnel that a stage of hubspot.lifecycle_stages belongs to: 0 before lead, 1 lead, 2 MQL, 3 SQL, 4 opportunity,
    5 customer. A stage of the company's own belongs to the step that it follows; one that the list lacks is null.
-#}
{% macro lifecycle_step(stage) -%}
    {%- set steps = {'lead': 1, 'marketingqualifiedlead': 2, 'salesqualifiedlead': 3, 'opportunity': 4, 'customer': 5} -%}
    {%- set so_far = namespace(step=0) -%}
    case lower(trim({{ stage }}))
        {%- for value in setting_values('hubspot.lifecycle_stages') or ['lead'] %}
        {%- set so_far.step = steps.get(value | lower | trim, so_far.step) %}
        when '{{ value | lower | trim | replace("'", "''") }}' then {{ so_far.step }}
        {%- endfor %}
    end
{%- endmacro %}

{#-
    The local time at which something happened that counts on a day: that of the first instant on the day, or the day's last
    moment where none does (a close date without a time), so that a day that is cut short never holds it.
-#}
{% macro moment(day, instants) -%}
    coalesce(
        {%- for instant in instants %}
        case when {{ local_day(instant) }} = {{ day }} then {{ local_time(instant) }} end,
        {%- endfor %}
        {{ day }} + interval 1 day - interval 1 microsecond
    )
{%- endmacro %}
