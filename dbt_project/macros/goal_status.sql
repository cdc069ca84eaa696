{#-
    The status of a value against its goal, written here and nowhere else. The value comes as numerator and denominator and is
    compared by cross-multiplication in decimals, never divided: 63 of 90 against 0.70 is exactly at the goal.

    met: the goal is reached. near: missed by at most the tolerance, which is an amount, or else by band x |bound|, the bound being the
    one that was missed (the edge is near). With a band a bound of 0 has no near; without band and tolerance nothing has. below: missed
    by more, in either direction. no_goal: no goal in force. no_data: no value. A zero denominator is settled before this rule
    (not_applicable). `goal`: the prefix of operator, target, target_2, band and tolerance: an alias
    with its dot, or the beginning of the column names.
-#}
{% macro goal_status(numerator, denominator, goal) -%}
{%- set operator = goal ~ 'operator' -%}
{%- set target = goal ~ 'target' -%}
{%- set target_2 = goal ~ 'target_2' -%}
{%- set band = goal ~ 'band' -%}
{%- set tolerance = goal ~ 'tolerance' -%}
{%- set n = '(' ~ numerator ~ ')' -%}
{%- set t = '((' ~ target ~ ') * (' ~ denominator ~ '))' -%}
{%- set t2 = '((' ~ target_2 ~ ') * (' ~ denominator ~ '))' -%}
{%- set tol = '(coalesce(' ~ tolerance ~ ', abs(cast(' ~ target ~ ' as decimal(38, 6))) * coalesce(' ~ band ~ ', 0)) * (' ~ denominator ~ '))' -%}
{%- set tol2 = '(coalesce(' ~ tolerance ~ ', abs(cast(' ~ target_2 ~ ' as decimal(38, 6))) * coalesce(' ~ band ~ ', 0)) * (' ~ denominator ~ '))' -%}
case
    when {{ operator }} is null or {{ target }} is null then 'no_goal'
    when {{ numerator }} is null or {{ denominator }} is null then 'no_data'
    when ({{ operator }} = '>=' and {{ n }} >= {{ t }}) or ({{ operator }} = '>' and {{ n }} > {{ t }})
        or ({{ operator }} = '<=' and {{ n }} <= {{ t }}) or ({{ operator }} = '<' and {{ n }} < {{ t }})
        or ({{ operator }} = '=' and {{ n }} = {{ t }})
        or ({{ operator }} = 'between' and {{ n }} between {{ t }} and {{ t2 }})
        or ({{ operator }} = 'outside' and ({{ n }} < {{ t }} or {{ n }} > {{ t2 }})) then 'met'
    when {{ tol }} > 0 and (
        ({{ operator }} in ('>=', '>') and {{ n }} >= {{ t }} - {{ tol }})
        or ({{ operator }} in ('<=', '<') and {{ n }} <= {{ t }} + {{ tol }})
        or ({{ operator }} = '=' and {{ n }} between {{ t }} - {{ tol }} and {{ t }} + {{ tol }})
        or ({{ operator }} = 'between' and {{ n }} < {{ t }} and {{ n }} >= {{ t }} - {{ tol }})
        or ({{ operator }} = 'outside' and {{ n }} <= {{ t }} + {{ tol }})
    ) then 'near'
    when {{ tol2 }} > 0 and (
        ({{ operator }} = 'between' and {{ n }} > {{ t2 }} and {{ n }} <= {{ t2 }} + {{ tol2 }})
        or ({{ operator }} = 'outside' and {{ n }} >= {{ t2 }} - {{ tol2 }})
    ) then 'near'
    when {{ operator }} in ('>=', '>', '<=', '<', '=', 'between', 'outside') then 'below'
end
{%- endmacro %}
{#- an unknown operator gives null, which the tests of the goals file and of the facts refuse -#}

{#- the status of a number that may have nothing to divide by; arguments as in goal_status -#}
{% macro verdict(numerator, denominator, goal) -%}
    case when {{ denominator }} = 0 then 'not_applicable' else {{ goal_status(numerator, denominator, goal) }} end
{%- endmacro %}

{#-
    The verdict where it is sure. Records that may or may not count (`n_unknown`) can only add to a sum: a sum that reached
    its goal keeps it, one that is over its limit stays over it, and a count stands where all of them would give the same verdict
    (`most_status`, null where nobody knows how much they would add). They can move a mean, a median, a share or a sum of
    amounts that may be negative (`signed` in the metric's meta) in either direction: those are not judged. Columns expected: aggregation,
    is_signed.
-#}
{% macro if_sure(status, most_status, operator, n_unknown) -%}
    case
        when coalesce({{ n_unknown }}, 0) = 0 or {{ status }} in ('no_goal', 'not_applicable') then {{ status }}
        when aggregation not in ('sum', 'last') or coalesce(is_signed, false) then 'no_data'
        when {{ status }} = {{ most_status }} then {{ status }}
        when {{ status }} = 'met' and {{ operator }} in ('>=', '>') then {{ status }}
        when {{ status }} = 'below' and {{ operator }} in ('<=', '<') then {{ status }}
        else 'no_data'
    end
{%- endmacro %}

{#-
    The number for display; the status never uses it. Sums stay exact. DuckDB divides decimals as doubles (15 digits), which is
    finer than anything that is printed.
-#}
{% macro quotient(numerator, denominator) -%}
    case
        when {{ denominator }} = 1 then cast({{ numerator }} as decimal(38, 12))
        else cast(({{ numerator }}) / nullif({{ denominator }}, 0) as decimal(38, 12))
    end
{%- endmacro %}
