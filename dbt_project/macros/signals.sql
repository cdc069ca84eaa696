{#- How many points the limits of a week rest on: with fewer than the fewest there are none; after the most they stay as they are. -#}
{% macro points_of_limits(which) -%}{{ {'fewest': 10, 'most': 26}[which] }}{%- endmacro %}
