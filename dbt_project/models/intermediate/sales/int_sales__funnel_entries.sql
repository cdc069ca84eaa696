-- one row per contact and stage of the funnel that it has reached. Who is further on has been through the stages before: a skipped one
-- is entered on the day of the next that is known
{%- set stages = ['lead', 'mql', 'sql', 'opportunity', 'customer'] %}
with contacts as (
    select
        *,
        -- who went back was a lead all the same
        greatest(coalesce(lifecycle_step, 1), 1) as stage_now
    from {{ ref('int_crm__contacts') }}
    where not is_deleted and lead_day is not null
)

{% for stage in stages -%}
select
    contact_id,
    cast({{ loop.index }} as bigint) as step_order,
    '{{ stage }}' as stage,
    -- without any date the stage's own is not known, and neither is the cohort
    coalesce(
        {%- for later in stages[loop.index0:] %}
        {{ later }}_day{{ ', ' if not loop.last }}
        {%- endfor %}
    ) as entered_on,
    {% if loop.last -%}
    false as is_passed,
    cast(null as date) as passed_on,
    {%- else -%}
    coalesce(
        {%- for later in stages[loop.index:] %}
        {{ later }}_day is not null{{ ' or ' if not loop.last }}
        {%- endfor %}, false
    ) or stage_now > {{ loop.index }} as is_passed,
    coalesce(
        {%- for later in stages[loop.index:] %}
        {{ later }}_day{{ ', ' if not loop.last }}
        {%- endfor %}
    ) as passed_on,
    {%- endif %}
    is_dropped,
    person_key,
    source,
    record_type,
    record_id,
    record_url,
    record_label
from contacts
where
    stage_now >= {{ loop.index }}
    {%- for later in stages[loop.index0:] %}
    or {{ later }}_day is not null
    {%- endfor %}
{{ 'union all' if not loop.last }}
{% endfor %}
