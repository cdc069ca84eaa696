{#-
    The state that a number carries. Columns expected: has_value, is_manual, is_not_connected, is_finished, is_late,
    complete_through (null where the tables have lacked rows ever since), is_in_doubt (a value that nobody can read may move the number). A period that is only partly covered by the last good load is stale once it is over or its source is late.
-#}
{% macro number_state(end_instant) -%}
case
    when not has_value and is_not_connected then 'not_connected'
    when not has_value then 'missing'
    -- files or store could not be read since: what was typed may be another number by now
    when is_manual and is_late and coalesce(complete_through < {{ end_instant }}, true) then 'stale'
    when is_manual then 'manual'
    when is_in_doubt then 'stale'
    when coalesce(complete_through < {{ end_instant }}, true) and (is_finished or is_late) then 'stale'
    when not is_finished then 'provisional'
    else 'live'
end
{%- endmacro %}
