{#- Numbers in sentences that are composed in SQL; the page's own are written by reports/fmt.py. -#}

{#- without trailing zeros: 4.600000 is 4.6 -#}
{% macro plain_number(number) -%}
    regexp_replace(cast(cast({{ number }} as decimal(38, 6)) as text), '\.?0+$', '')
{%- endmacro %}
