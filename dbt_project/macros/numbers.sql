{#- Numbers in sentences that are composed in SQL; the page's own are written by reports/look/numbers.py. -#}

{#- without trailing zeros: 4.600000 is 4.6 -#}
{% macro plain_number(number) -%}
    regexp_replace(cast(cast({{ number }} as decimal(38, 6)) as text), '\.?0+$', '')
{%- endmacro %}

{#- `1,234.5` with the separators of the company's locale (foundation/formats.py) -#}
{% macro localized(text) -%}
    {%- set separators = setting('format.group', ',')[1:-1] ~ setting('format.decimal', '.')[1:-1] -%}
    {%- if separators == ',.' -%}{{ text }}{%- else -%}translate({{ text }}, ',.', '{{ separators }}'){%- endif -%}
{%- endmacro %}

{#- an amount in whatever currency a record has: 2,211.82 USD -#}
{% macro money_text(amount, currency) -%}
    {{ localized("format('{:,.2f}', cast(" ~ amount ~ " as double))") }} || coalesce(' ' || {{ currency }}, '')
{%- endmacro %}

{#- a day as people write it: 20 Oct, 20 Oct 2025; `form`: day, day_year or month -#}
{% macro day_text(day, form='day_year') -%}
    {%- set defaults = {'day': '%-d %b', 'day_year': '%-d %b %Y', 'month': '%b %Y'} -%}
    strftime({{ day }}, {{ setting('format.' ~ form, defaults[form]) }})
{%- endmacro %}

{#- an instant of the company's clock as people write it: 20 Oct 2025 06:55 -#}
{% macro local_time_text(instant) -%}
    {{ day_text(instant) }} || strftime({{ instant }}, ' %H:%M')
{%- endmacro %}

{#- decimals of an amount of money: 2 for USD, 0 for JPY -#}
{% macro currency_digits() -%}
    {{ setting('format.currency_digits', '2')[1:-1] }}
{%- endmacro %}

{#- rounded to the digits that amount_text() prints -#}
{% macro rounded_amount(number, unit) -%}
    case {{ unit }}
        when 'percent' then cast(round({{ number }}, 3) as decimal(38, 6))
        when 'hours' then cast(round({{ number }}, 1) as decimal(38, 6))
        when 'days' then cast(round({{ number }}, 1) as decimal(38, 6))
        when 'minutes' then cast(round({{ number }}, 0) as decimal(38, 6))
        when 'money' then cast(round({{ number }}, {{ currency_digits() }}) as decimal(38, 6))
        else cast(round({{ number }}, 2) as decimal(38, 6))
    end
{%- endmacro %}

{#- the size of a difference in its unit, without its sign; shares differ by points -#}
{% macro amount_text(number, unit) -%}
    case {{ unit }}
        when 'percent' then {{ trimmed_number(number ~ ' * 100', 1) }} || ' points'
        when 'money' then {{ setting('format.currency_symbol') }} || {{ localized("regexp_replace(format('{:,." ~ currency_digits() ~ "f}', abs(cast(" ~ number ~ " as double))), '\\.0+$', '')") }} || {{ setting('format.currency_after', '') }}
        when 'hours' then {{ trimmed_number(number, 1) }} || ' h'
        when 'days' then {{ trimmed_number(number, 1) }} || ' days'
        when 'minutes' then {{ trimmed_number(number, 0) }} || ' min'
        else {{ trimmed_number(number, 2) }}
    end
{%- endmacro %}

{#- the same with its sign, as in a list: points are named once before it -#}
{% macro signed_amount(number, unit) -%}
    case sign({{ number }}) when -1 then '−' when 1 then '+' else '±' end || replace({{ amount_text(number, unit) }}, ' points', '')
{%- endmacro %}

{% macro trimmed_number(number, digits) -%}
    {%- if digits -%}
        {{ localized("regexp_replace(format('{:,." ~ digits ~ "f}', round(abs(cast(" ~ number ~ " as double)), " ~ digits ~ ")), '\\.?0+$', '')") }}
    {%- else -%}
        {{ localized("format('{:,.0f}', round(abs(cast(" ~ number ~ " as double))))") }}
    {%- endif -%}
{%- endmacro %}

{#- a bound of a goal in its unit: 125, $500, 70% -#}
{% macro bound_text(bound, unit) -%}
    case when {{ bound }} < 0 then '−' else '' end
    || case {{ unit }} when 'percent' then {{ trimmed_number(bound ~ ' * 100', 1) }} || '%' else {{ amount_text(bound, unit) }} end
{%- endmacro %}

{#- a goal as it is written down: ≥ 15 per working day; null where there is none. `goal`: the alias of its columns -#}
{% macro goal_text(goal, unit) -%}
    case {{ goal }}.operator
        when 'between' then {{ bound_text(goal ~ '.target', unit) }} || ' to ' || {{ bound_text(goal ~ '.target_2', unit) }}
        when 'outside' then 'under ' || {{ bound_text(goal ~ '.target', unit) }} || ' or over ' || {{ bound_text(goal ~ '.target_2', unit) }}
        else replace(replace({{ goal }}.operator, '>=', '≥'), '<=', '≤') || ' ' || {{ bound_text(goal ~ '.target', unit) }}
    end
    || case {{ goal }}.per
        when 'day' then ' per working day'
        when 'person_day' then ' per person and working day'
        when 'person_week' then ' per person and week'
        else ''
    end
{%- endmacro %}
