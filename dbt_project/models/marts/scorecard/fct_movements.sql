-- why a number moved, in a sentence with its top contributors. Few records move by chance: a sum is explained from ten records on in
-- both periods together, a rate from ten in each
{% set few = 10 %}
{% set named = 3 %}
with parts as (
    select
        parts.*,
        lines.unit,
        lines.aggregation,
        lines.cadence,
        {{ rounded_amount('parts.effect', 'lines.unit') }} as shown,
        parts.position <= {{ named }} as is_named,
        sum(parts.effect) over (partition by parts.line_id, parts.period_start, parts.kind) as change
    from {{ ref('fct_movement_parts') }} as parts
    inner join {{ ref('int_scorecard__lines') }} as lines on parts.line_id = lines.line_id
),

splits as (
    select
        line_id,
        period_start,
        kind,
        any_value(dimension) as dimension,
        any_value(unit) as unit,
        any_value(aggregation) as aggregation,
        any_value(cadence) as cadence,
        any_value(change) as change,
        sum(mix_effect) as mix_effect,
        sum(rate_effect) as rate_effect,
        count(*) as members,
        sum(n_was) as n_was,
        sum(n_now) as n_now,
        -- the largest parts, those that went the number's way first
        string_agg(
            member || ' ' || {{ signed_amount('shown', 'unit') }}, chr(31) order by sign(effect) = sign(change) desc, position
        ) filter (where is_named and shown <> 0) as leaders,
        -- the largest part that went the number's way
        first(
            member || ' (' || {{ signed_amount('shown', 'unit') }} || ')' order by position
        ) filter (where sign(effect) = sign(change) and shown <> 0) as leader,
        -- names of campaigns may have commas
        case when bool_or(is_named and contains(member, ',')) then '; ' else ', ' end as separator,
        coalesce(sum(shown) filter (where is_named), 0) as leaders_shown,
        count(*) filter (where not is_named and shown <> 0) as others
    from parts
    group by line_id, period_start, kind
),

chosen as (
    select
        *,
        {{ rounded_amount('change', 'unit') }} as change_shown,
        {{ rounded_amount('rate_effect', 'unit') }} as rate_shown
    from splits
    where
        members > 1
        and case when aggregation in ('sum', 'last') then n_was + n_now >= {{ few }} else least(n_was, n_now) >= {{ few }} end
    qualify
        row_number() over (
            partition by line_id, period_start
            order by list_position(['person', 'segment', 'source', 'record type', 'weekday'], kind)
        ) = 1
),

-- what is printed adds up as printed: the last amount of a list is what the others leave
told as (
    select
        *,
        case sign(change_shown) when 1 then 'Up ' when -1 then 'Down ' else 'Unchanged' end
        || case when change_shown <> 0 then {{ amount_text('change_shown', 'unit') }} else '' end as headline,
        {{ signed_amount('rate_shown', 'unit') }} || ' from '
        || case sign(rate_shown) when 1 then 'higher ' when -1 then 'lower ' else '' end
        || if(aggregation = 'mean', 'averages, ', 'rates, ')
        || {{ signed_amount('(change_shown - rate_shown)', 'unit') }} || ' from a different mix' as effects,
        case
            when others > 0
                then
                    others || case when others = 1 then ' other ' else ' others ' end
                    || {{ signed_amount('(change_shown - leaders_shown)', 'unit') }}
        end as rest
    from chosen
)

select
    line_id,
    period_start,
    cadence,
    kind,
    dimension,
    cast(change as decimal(38, 12)) as change,
    cast(mix_effect as decimal(38, 12)) as mix_effect,
    cast(rate_effect as decimal(38, 12)) as rate_effect,
    cast(n_was as bigint) as n_was,
    cast(n_now as bigint) as n_now,
    cast(members as integer) as members,
    concat_ws(': ', headline, case
        -- the parts of a rate are many; the amounts of a sum add up as printed
        when effects is not null then concat_ws('. Most from ', effects, leader)
        else nullif(replace(concat_ws(chr(31), leaders, rest), chr(31), separator), '')
    end) || '.' as sentence
from told
