{#- The SQL twins of foundation/calendar.py; tests/dbt_project holds both equal. A day is a DATE of the company's zone. -#}

{#- the company's day of an instant: converted through the zone, never by adding hours -#}
{% macro local_day(instant) -%}
    cast({{ local_time(instant) }} as date)
{%- endmacro %}

{#- the company's wall clock at an instant, a timestamp without zone -#}
{% macro local_time(instant) -%}
    timezone({{ setting('company.time_zone') }}, {{ instant }})
{%- endmacro %}

{#- the first instant of a local day; a week has 167, 168 or 169 hours -#}
{% macro day_start_instant(day) -%}
    timezone({{ setting('company.time_zone') }}, cast({{ day }} as timestamp))
{%- endmacro %}

{#- the clock's local day -#}
{% macro today() -%}
    {{ local_day(clock()) }}
{%- endmacro %}

{#- whether an instant is after the clock: what is planned for later today has not happened -#}
{% macro lies_ahead(instant) -%}
coalesce({{ instant }} > {{ clock() }}, false)
{%- endmacro %}

{#- the Monday of the week that holds the day -#}
{% macro week_start(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}

{#- 2025-W43: ISO year and week -#}
{% macro week_label(day) -%}
    strftime({{ day }}, '%G-W%V')
{%- endmacro %}

{#- 1 to 4: blocks of 13 ISO weeks; week 53 belongs to the fourth -#}
{% macro quarter_number(day) -%}
    least((week({{ day }}) - 1) // 13 + 1, 4)
{%- endmacro %}

{#- 2025-Q4 -#}
{% macro quarter_label(day) -%}
    isoyear({{ day }}) || '-Q' || {{ quarter_number(day) }}
{%- endmacro %}

{#- the Monday on which the day's scorecard quarter starts -#}
{% macro quarter_start(day) -%}
    cast({{ week_start(day) }} - 7 * (week({{ day }}) - 1 - 13 * ({{ quarter_number(day) }} - 1))::integer as date)
{%- endmacro %}

{#- the Sunday on which it ends: 13 weeks later, or the end of the ISO year (4 January is always in week 1) -#}
{% macro quarter_end(day) -%}
    cast(
        case
            when {{ quarter_number(day) }} = 4 then {{ week_start('make_date(isoyear(' ~ day ~ ') + 1, 1, 4)') }} - 1
            else {{ quarter_start(day) }} + 90
        end as date
    )
{%- endmacro %}

{#- the first day of the calendar month; finance uses months and calendar quarters -#}
{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{#- the first day of its calendar quarter -#}
{% macro calendar_quarter_start(day) -%}
    cast(date_trunc('quarter', {{ day }}) as date)
{%- endmacro %}

{#- Oct–Dec 2025: named by its months, so that nobody takes it for the quarter of 13 weeks, 2025-Q4 -#}
{% macro calendar_quarter_label(day) -%}
    strftime({{ calendar_quarter_start(day) }}, '%b–') || strftime({{ calendar_quarter_start(day) }} + interval 2 month, '%b %Y')
{%- endmacro %}

{#- the first day of the period that holds the day, by the cadence of its line -#}
{% macro period_start(cadence, day) -%}
    case {{ cadence }}
        when 'week' then {{ week_start(day) }}
        when 'month' then {{ month_start(day) }}
        else {{ quarter_start(day) }}
    end
{%- endmacro %}

{#- a week is a line's from its first Monday on; a month or a quarter as soon as the line began in it -#}
{% macro is_tracked(cadence, day, valid_from) -%}
    case {{ cadence }}
        when 'week' then {{ week_start(day) }}
        when 'month' then last_day({{ day }})
        else {{ quarter_end(day) }}
    end >= {{ valid_from }}
{%- endmacro %}
