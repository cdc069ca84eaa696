{#- How periods become one number, for every cadence and every span: written here and nowhere else. -#}

{#-
    Whether a period's numbers go into a longer span: only whole ones do. A ratio's period without a denominator brings its numerator
    along (a week's ad money without a new lead, a month's loss without income), as the span's own ratio would have it. A snapshot has
    no such part of a whole: where it says nothing, nothing is pooled. Columns expected: state, numerator, denominator, aggregation.
-#}
{% macro is_poolable() -%}
    coalesce(state, '') <> 'stale'
    and coalesce(case when aggregation = 'last_ratio' then denominator > 0 else denominator >= 0 end, false)
{%- endmacro %}

{#-
    The sums of the pooled periods as columns {name}_numerator, _denominator and _median, for one span. Column expected: is_pooled.
    `over`: the window of the span, or nothing where rows are grouped.
-#}
{% macro pooled_sums(name, over='') -%}
    sum(numerator) filter (where is_pooled) {{ over }} as {{ name }}_numerator,
    sum(denominator) filter (where is_pooled) {{ over }} as {{ name }}_denominator,
    list_aggregate(flatten(list(samples) filter (where is_pooled) {{ over }}), 'median') as {{ name }}_median
{%- endmacro %}

{#- numerator of the span's value: of a median the middle of all records of the span -#}
{% macro pooled_numerator(name) -%}
    case when aggregation = 'median' then {{ name }}_median else {{ name }}_numerator end
{%- endmacro %}

{#- denominator of the span's value; `adds_up`: sums of the periods are the span's own sum instead of a mean -#}
{% macro pooled_denominator(name, adds_up=false) -%}
    case
        {%- if adds_up %}
        when aggregation = 'sum' then 1
        {%- endif %}
        when {{ name }}_median is not null then 1
        else {{ name }}_denominator
    end
{%- endmacro %}

{#- whether a finished week or month of the facts is whole, so that it can be a part of a longer span; one with nothing to divide by is -#}
{% macro is_whole_part() -%}
    facts.state in ('live', 'manual') and facts.partial_note is null and (facts.value is not null or coalesce(facts.denominator = 0, false))
{%- endmacro %}
