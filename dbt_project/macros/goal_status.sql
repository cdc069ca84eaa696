{#-
    The status of a value against its goal, written here and nowhere else. The value comes as numerator and denominator and is
    compared by cross-multiplication in decimals, never divided: 63 of 90 against 0.70 is exactly at the goal.

    met: the goal is reached. near: missed by at most band x |bound|, the bound being the one that was missed (the band's edge
    is near). A bound of 0 has no near, a blank band has none either. below: missed by more, in either direction.
    `goal`: the alias of the relation that has operator, target, target_2 and band, where it needs naming. no_goal: no goal in force. no_data: no value. A zero denominator is settled before this rule (not_applicable).
-#}
{% macro goal_status(numerator, denominator, goal=none) -%}
{%- set of_goal = goal ~ '.' if goal else '' -%}
{%- set operator = of_goal ~ 'operator' -%}
{%- set target = of_goal ~ 'target' -%}
{%- set target_2 = of_goal ~ 'target_2' -%}
{%- set band = of_goal ~ 'band' -%}
{%- set n = '(' ~ numerator ~ ')' -%}
{%- set t = '((' ~ target ~ ') * (' ~ denominator ~ '))' -%}
{%- set t2 = '((' ~ target_2 ~ ') * (' ~ denominator ~ '))' -%}
{%- set tol = '(abs(' ~ target ~ ') * coalesce(' ~ band ~ ', 0) * (' ~ denominator ~ '))' -%}
{%- set tol2 = '(abs(' ~ target_2 ~ ') * coalesce(' ~ band ~ ', 0) * (' ~ denominator ~ '))' -%}
case
    when {{ operator }} is null then 'no_goal'
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
