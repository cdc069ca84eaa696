-- a number's difference from the previous period, by person, by the metric's own segment, by source, kind of record and weekday.
-- For sums and snapshots, each member's part is its own difference. A ratio moves because rates changed or because their weights did:
--   rate effect = (rate now - rate before) * mean of both weights
--   mix effect  = (weight now - weight before) * (mean of both rates - mean of both totals)
-- (midpoints on both sides, so nothing is left over: all effects add up to the difference). A member that exists in only one of the
-- periods has no rate in the other: all of its effect is mix
with periods as (
    select
        periods.*,
        lines.unit,
        metrics.segment,
        lines.aggregation in ('sum', 'last') as is_additive,
        lag(periods.period_start) over line_order as previous_start,
        lag(periods.numerator) over line_order as previous_numerator,
        lag(periods.denominator) over line_order as previous_denominator,
        lag(periods.state) over line_order as previous_state
    from {{ ref('int_scorecard__line_periods') }} as periods
    inner join {{ ref('int_scorecard__lines') }} as lines on periods.line_id = lines.line_id
    inner join {{ ref('int_scorecard__metrics') }} as metrics on lines.metric_id = metrics.metric_id
    window line_order as (partition by periods.line_id order by periods.period_start)
),

-- only numbers that are complete on both sides can be explained
pairs as (
    select
        *,
        numerator / denominator as value_now,
        previous_numerator / previous_denominator as value_was,
        {{ quotient('numerator', 'denominator') }} - {{ quotient('previous_numerator', 'previous_denominator') }} as change
    from periods
    where
        is_finished
        and state in ('live', 'manual')
        and previous_state in ('live', 'manual')
        -- the middle of a period's records has no parts
        and aggregation is distinct from 'median'
        and denominator > 0
        and previous_denominator > 0
),

-- a snapshot's number is that of its newest day
newest as (
    select
        contributions.line_id,
        contributions.period_start,
        max(contributions.occurred_on) as last_day
    from {{ ref('int_scorecard__contributions') }} as contributions
    inner join {{ ref('int_scorecard__lines') }} as lines on contributions.line_id = lines.line_id
    where contributions.counted and lines.aggregation in ('last', 'last_ratio')
    group by all
),

-- what records have in common: far fewer rows than there are records
alike as (
    select
        contributions.line_id,
        contributions.period_start,
        contributions.person_key,
        contributions.segment,
        contributions.source,
        contributions.record_type,
        case
            when lines.cadence = 'week' and lines.aggregation not in ('last', 'last_ratio') then dayname(contributions.occurred_on)
        end as weekday,
        sum(contributions.numerator) as numerator,
        sum(contributions.denominator) as denominator,
        count(contributions.numerator) as n
    from {{ ref('int_scorecard__contributions') }} as contributions
    inner join {{ ref('int_scorecard__lines') }} as lines on contributions.line_id = lines.line_id
    left join newest on contributions.line_id = newest.line_id and contributions.period_start = newest.period_start
    where
        contributions.counted
        and (lines.aggregation not in ('last', 'last_ratio') or contributions.occurred_on = newest.last_day)
    group by all
),

records as (
    select
        alike.line_id,
        alike.period_start,
        alike.numerator,
        alike.denominator,
        alike.n,
        coalesce(people.full_name, alike.person_key, 'unassigned') as person,
        alike.segment,
        coalesce(sources.source_label, alike.source) as source,
        replace(alike.record_type, '_', ' ') as record_type,
        alike.weekday
    from alike
    left join {{ ref('people') }} as people on alike.person_key = people.person_key
    left join {{ ref('int_sources__states') }} as sources on alike.source = sources.source
),

sides as (
    select
        pairs.line_id,
        pairs.period_start,
        pairs.segment as segment_name,
        records.person,
        records.segment,
        records.source,
        records.record_type,
        records.weekday,
        records.numerator as numerator_now,
        records.denominator as denominator_now,
        records.n as n_now,
        null as numerator_was,
        null as denominator_was,
        null as n_was
    from pairs
    inner join records on pairs.line_id = records.line_id and pairs.period_start = records.period_start

    union all

    select
        pairs.line_id,
        pairs.period_start,
        pairs.segment as segment_name,
        records.person,
        records.segment,
        records.source,
        records.record_type,
        records.weekday,
        null as numerator_now,
        null as denominator_now,
        null as n_now,
        records.numerator as numerator_was,
        records.denominator as denominator_was,
        records.n as n_was
    from pairs
    inner join records on pairs.line_id = records.line_id and pairs.previous_start = records.period_start
),

spread as (
    select
        line_id,
        period_start,
        numerator_now,
        denominator_now,
        n_now,
        numerator_was,
        denominator_was,
        n_was,
        unnest(['person', 'segment', 'source', 'record type', 'weekday']) as kind,
        unnest([person, segment, source, record_type, weekday]) as member,
        segment_name
    from sides
),

members as (
    select
        line_id,
        period_start,
        kind,
        any_value(case when kind = 'segment' then segment_name else kind end) as dimension,
        coalesce(left(nullif(trim(regexp_replace(member, '[[:cntrl:]]+', ' ', 'g')), ''), 60), 'not given') as member,
        coalesce(sum(numerator_now), 0) as numerator_now,
        coalesce(sum(denominator_now), 0) as denominator_now,
        coalesce(sum(numerator_was), 0) as numerator_was,
        coalesce(sum(denominator_was), 0) as denominator_was,
        cast(coalesce(sum(n_now), 0) as bigint) as n_now,
        cast(coalesce(sum(n_was), 0) as bigint) as n_was
    from spread
    where
        kind in ('person', 'source', 'record type')
        or kind = 'segment' and segment_name is not null
        or kind = 'weekday' and member is not null
    group by all
),

weighed as (
    select
        members.*,
        pairs.is_additive,
        pairs.change,
        pairs.value_was,
        pairs.value_now,
        members.denominator_now / pairs.denominator as weight_now,
        members.denominator_was / pairs.previous_denominator as weight_was,
        coalesce(
            members.numerator_now / nullif(members.denominator_now, 0), members.numerator_was / nullif(members.denominator_was, 0), 0
        ) as rate_now,
        coalesce(
            members.numerator_was / nullif(members.denominator_was, 0), members.numerator_now / nullif(members.denominator_now, 0), 0
        ) as rate_was,
        -- what counts above the line without counting below it has no rate: the ratio can't be split like this
        bool_or(
            not pairs.is_additive and (
                members.denominator_now = 0 and members.numerator_now <> 0
                or members.denominator_was = 0 and members.numerator_was <> 0
                or members.denominator_now < 0
                or members.denominator_was < 0
            )
        ) over (partition by members.line_id, members.period_start, members.kind) as has_no_rate
    from members
    inner join pairs on members.line_id = pairs.line_id and members.period_start = pairs.period_start
),

effects as (
    select
        *,
        case when not is_additive then (rate_now - rate_was) * (weight_now + weight_was) / 2 end as rate_part,
        case
            when not is_additive
                then (weight_now - weight_was) * ((rate_now + rate_was) / 2 - (value_now + value_was) / 2)
        end as mix_part
    from weighed
    where not has_no_rate
),

-- rounded as running totals, the last one being the difference itself: so the parts add up to it to the last digit
running as (
    select
        *,
        case
            when row_number() over (partition by line_id, period_start, kind order by member desc) = 1 then change
            else cast(sum(rate_part + mix_part) over in_order as decimal(38, 12))
        end as total_so_far
    from effects
    window in_order as (partition by line_id, period_start, kind order by member rows unbounded preceding)
),

exact as (
    select
        *,
        case
            when is_additive then cast(numerator_now - numerator_was as decimal(38, 12))
            else total_so_far - coalesce(lag(total_so_far) over (partition by line_id, period_start, kind order by member), 0)
        end as effect
    from running
)

select
    line_id,
    period_start,
    kind,
    dimension,
    member,
    cast(numerator_was as decimal(38, 9)) as numerator_was,
    cast(numerator_now as decimal(38, 9)) as numerator_now,
    cast(denominator_was as decimal(38, 9)) as denominator_was,
    cast(denominator_now as decimal(38, 9)) as denominator_now,
    n_was,
    n_now,
    cast(effect as decimal(38, 12)) as effect,
    cast(cast(mix_part as decimal(38, 12)) as decimal(38, 12)) as mix_effect,
    cast(effect - cast(mix_part as decimal(38, 12)) as decimal(38, 12)) as rate_effect,
    row_number() over (partition by line_id, period_start, kind order by abs(effect) desc, member) as position
from exact
