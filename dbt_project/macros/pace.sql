{#-
    How a sum compares with its goal so far, for fct_pace: ahead, behind, on_pace, done, over or too_early; null where nothing is paced.
    Columns expected: is_paced, is_early, is_ceiling, goal_operator, target, expected_now, margin.
-#}
{% macro pace_of(value) -%}
case
    when not is_paced or target is null or {{ value }} is null then null
    when goal_operator = '>=' and {{ value }} >= target then 'done'
    when goal_operator = '>' and {{ value }} > target then 'done'
    when goal_operator = '<=' and {{ value }} > target then 'over'
    when goal_operator = '<' and {{ value }} >= target then 'over'
    when is_early then 'too_early'
    when {{ value }} < expected_now - margin then case when is_ceiling then 'ahead' else 'behind' end
    when {{ value }} > expected_now + margin then case when is_ceiling then 'behind' else 'ahead' end
    else 'on_pace'
end
{%- endmacro %}
