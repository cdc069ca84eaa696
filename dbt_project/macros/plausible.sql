{#- A value that nobody can mean is left out once, in staging, so that no single value stops a build or swallows a sum. A record says in
    `implausible` which of its fields were left out; metrics give the reason implausible_amount, marts.fct_implausible lists them.
    The bounds keep sums and products inside DECIMAL(38, 9). -#}
{% macro plausible_bounds(kind) -%}
    {%- set bounds = {
        'money': (-1000000000000, 1000000000000),
        'rate': (0, 1000000),
        'count': (0, 100000000),
        'number': (-1000000000000, 1000000000000),
        'milliseconds': (0, 100000000000),
        'seconds': (0, 100000000),
        'minutes': (0, 10000000),
        'hours': (-1000, 1000),
        'percent': (-1000, 1000),
    } -%}
    {{ return(bounds[kind]) }}
{%- endmacro %}

{#- the value, or null where it is implausible -#}
{% macro plausible(value, kind) -%}
    {%- set low, high = plausible_bounds(kind) -%}
    case when {{ value }} between {{ low }} and {{ high }} then {{ value }} end
{%- endmacro %}

{#- the names of a record's implausible fields. `fields`: name -> (value, kind) -#}
{% macro implausible_fields(fields) -%}
    list_filter(
        [
            {% for name, (value, kind) in fields.items() -%}
            {%- set low, high = plausible_bounds(kind) -%}
            case when {{ value }} not between {{ low }} and {{ high }} then '{{ name }}' end{{ ',' if not loop.last }}
            {% endfor -%}
        ],
        lambda field: field is not null
    )
{%- endmacro %}
