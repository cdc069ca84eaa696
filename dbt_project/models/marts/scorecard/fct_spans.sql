-- what the weekly reviews compare: each line's months, and its month, quarter and year to date, with the same span of the year before cut
-- alike. To date is up to the end of each finished week of the last year, so that a past review opens as of its time. Values are those of
-- the records of whole weeks (of whole months, for lines that are kept by month): a span that lacks one has no verdict
with lines as (
    select
        line_id,
        cadence,
        aggregation,
        coalesce(is_signed, false) as is_signed,
        valid_from
    from {{ ref('int_scorecard__lines') }}
    where cadence in ('week', 'month')
),

finished as (
    select distinct week_start
    from {{ ref('fct_scorecard_weekly') }}
    where is_finished
    order by week_start desc
    limit 53
),

-- the weeks that have a review
reviewed as (
    select
        week_start + 6 as last_day,
        {{ quarter_start('week_start') }} as quarter_start,
        {{ week_start("make_date(cast(isoyear(week_start) as integer), 1, 4)") }} as year_start,
        {{ week_start("make_date(cast(isoyear(week_start) - 1 as integer), 1, 4)") }} as previous_year_start
    from finished
),

newest as (
    select max(last_day) as last_day
    from reviewed
),

-- weeks and months as the parts of longer spans
parts as (
    select
        facts.line_id,
        facts.week_start as part_start,
        facts.week_start + 6 as part_end,
        facts.numerator,
        facts.denominator,
        facts.operator,
        facts.target,
        facts.target_2,
        facts.band,
        facts.tolerance,
        {{ is_whole_part() }} as is_whole
    from {{ ref('fct_scorecard_weekly') }} as facts
    where facts.is_finished

    union all

    select
        facts.line_id,
        facts.month_start as part_start,
        facts.month_end as part_end,
        facts.numerator,
        facts.denominator,
        facts.operator,
        facts.target,
        facts.target_2,
        facts.band,
        facts.tolerance,
        {{ is_whole_part() }} as is_whole
    from {{ ref('fct_scorecard_monthly') }} as facts
    where facts.is_finished
),

-- the finished months of the last year, of lines that are kept by month
reviewed_months as (
    select
        parts.line_id,
        parts.part_end as last_day
    from parts
    inner join lines on parts.line_id = lines.line_id and lines.cadence = 'month'
    qualify row_number() over (partition by parts.line_id order by parts.part_end desc) <= 13
),

newest_months as (
    select
        line_id,
        max(last_day) as last_day
    from reviewed_months
    group by line_id
),

-- twelve months of each review
months_back as (
    select cast(unnest(range(1, 26)) as integer) as back
),

-- each span, and what it is compared with
pairs as (
    select
        lines.line_id,
        'month' as span,
        cast(
            date_trunc('month', coalesce(newest_months.last_day, newest.last_day) + 1) - to_months(months_back.back) as date
        ) as span_start,
        cast(span_start + to_months(1) as date) - 1 as span_end,
        cast(span_start - to_years(1) as date) as previous_start,
        cast(previous_start + to_months(1) as date) - 1 as previous_end
    from lines
    cross join newest
    cross join months_back
    left join newest_months on lines.line_id = newest_months.line_id

    union all

    select
        lines.line_id,
        unnest(['month_to_date', 'quarter_to_date', 'year_to_date']) as span,
        cast(unnest([date_trunc('month', reviewed.last_day), reviewed.quarter_start, reviewed.year_start]) as date) as span_start,
        reviewed.last_day as span_end,
        cast(
            unnest([
                date_trunc('month', reviewed.last_day) - to_years(1),
                {{ quarter_start('(reviewed.quarter_start - 364)') }},
                reviewed.previous_year_start
            ]) as date
        ) as previous_start,
        cast(
            unnest([
                reviewed.last_day - to_years(1),
                {{ quarter_start('(reviewed.quarter_start - 364)') }} + cast(reviewed.last_day - reviewed.quarter_start as integer),
                -- the 53rd week of a year has none to be compared with
                least(reviewed.previous_year_start + cast(reviewed.last_day - reviewed.year_start as integer), reviewed.year_start - 1)
            ]) as date
        ) as previous_end
    from lines
    cross join reviewed
    where lines.cadence = 'week'

    union all

    select
        line_id,
        unnest(['quarter_to_date', 'year_to_date']) as span,
        cast(unnest([date_trunc('quarter', last_day), date_trunc('year', last_day)]) as date) as span_start,
        last_day as span_end,
        cast(unnest([date_trunc('quarter', last_day), date_trunc('year', last_day)]) - to_years(1) as date) as previous_start,
        cast(last_day + 1 - to_years(1) - to_days(1) as date) as previous_end
    from reviewed_months
),

spans as (
    select
        line_id,
        span,
        span_start,
        span_end
    from pairs

    union distinct

    select
        line_id,
        span,
        previous_start,
        previous_end
    from pairs
),

-- the parts of each span, with the share of a part's working time that is in it
covered as (
    select
        spans.line_id,
        spans.span,
        spans.span_start,
        spans.span_end,
        lines.aggregation,
        lines.cadence,
        lines.is_signed,
        parts.part_start,
        parts.part_end,
        parts.numerator,
        parts.denominator,
        parts.operator,
        parts.target,
        parts.target_2,
        parts.band,
        parts.tolerance,
        parts.is_whole,
        -- Monday to Friday of a week that are in the span
        case
            when lines.cadence = 'month' then 5
            else
                greatest(
                    0,
                    least(spans.span_end - parts.part_start, 4)
                    - least(greatest(spans.span_start - parts.part_start, 0), 5) + 1
                )
        end as days
    from spans
    inner join lines on spans.line_id = lines.line_id
    inner join parts
        on
            spans.line_id = parts.line_id
            and spans.span_end >= parts.part_start
            and spans.span_start <= parts.part_end
),

pooled as (
    select
        line_id,
        span,
        span_start,
        span_end,
        aggregation,
        cadence,
        is_signed,
        count(*) as parts_expected,
        count_if(is_whole) as parts_whole,
        -- a line that is younger than the span
        min(part_start) <= span_start and max(part_end) >= span_end as is_covered,
        min(part_start) as first_part,
        bool_and(is_whole) as has_whole_parts,
        coalesce(arg_max(is_whole, part_start), false) as ends_whole,
        sum(numerator) filter (where is_whole) as month_numerator,
        sum(denominator) filter (where is_whole) as month_denominator,
        arg_max(numerator, part_start) filter (where is_whole) as last_numerator,
        arg_max(denominator, part_start) filter (where is_whole) as last_denominator,
        arg_max(operator, part_start) as operator,
        count(distinct operator) filter (where days > 0) as operators,
        count_if(target is null and days > 0) as without_goal,
        sum(cast(target as decimal(20, 6)) * cast(days * 0.2 as decimal(4, 1))) as summed_target,
        sum(cast(target_2 as decimal(20, 6)) * cast(days * 0.2 as decimal(4, 1))) as summed_target_2,
        sum(cast(tolerance as decimal(20, 6)) * cast(days * 0.2 as decimal(4, 1))) as summed_tolerance,
        arg_max(target, part_start) as last_target,
        arg_max(target_2, part_start) as last_target_2,
        arg_max(tolerance, part_start) as last_tolerance,
        arg_max(band, part_start) as band
    from covered
    group by line_id, span, span_start, span_end, aggregation, cadence, is_signed
),

-- a day's records together
days as (
    select
        line_id,
        week_start,
        occurred_on,
        coalesce(sum(numerator) filter (where counted), 0) as numerator,
        coalesce(sum(denominator) filter (where counted), 0) as denominator
    from {{ ref('fct_contributions') }}
    group by line_id, week_start, occurred_on
),

-- of whole weeks, by span: a week may belong to two months
summed as (
    select
        covered.line_id,
        covered.span,
        covered.span_start,
        covered.span_end,
        sum(days.numerator) as numerator,
        sum(days.denominator) as denominator,
        arg_max(days.numerator, days.occurred_on) as last_numerator,
        arg_max(days.denominator, days.occurred_on) as last_denominator
    from covered
    inner join days
        on
            covered.line_id = days.line_id
            and covered.part_start = days.week_start
            and covered.span_start <= days.occurred_on
            and covered.span_end >= days.occurred_on
    where covered.cadence = 'week' and covered.is_whole
    group by covered.line_id, covered.span, covered.span_start, covered.span_end
),

-- the middle of all records, which no day's records tell
middles as (
    select
        covered.line_id,
        covered.span,
        covered.span_start,
        covered.span_end,
        median(records.numerator / nullif(records.denominator, 0)) as middle
    from covered
    inner join {{ ref('fct_contributions') }} as records
        on
            covered.line_id = records.line_id
            and covered.part_start = records.week_start
            and covered.span_start <= records.occurred_on
            and covered.span_end >= records.occurred_on
    where covered.cadence = 'week' and covered.is_whole and covered.aggregation = 'median' and records.counted
    group by covered.line_id, covered.span, covered.span_start, covered.span_end
),

valued as (
    select
        pooled.*,
        case
            when pooled.parts_whole = 0 then null
            when pooled.cadence = 'month' and pooled.aggregation in ('last', 'last_ratio') then pooled.last_numerator
            when pooled.cadence = 'month' then pooled.month_numerator
            when pooled.aggregation in ('last', 'last_ratio') then summed.last_numerator
            when pooled.aggregation = 'median' then cast(middles.middle as decimal(38, 9))
            else coalesce(summed.numerator, 0)
        end as numerator,
        case
            when pooled.parts_whole = 0 then null
            when pooled.aggregation in ('sum', 'last', 'median') then 1
            when pooled.cadence = 'month' and pooled.aggregation = 'last_ratio' then pooled.last_denominator
            when pooled.cadence = 'month' then pooled.month_denominator
            when pooled.aggregation = 'last_ratio' then summed.last_denominator
            else coalesce(summed.denominator, 0)
        end as denominator,
        -- of a snapshot the end alone counts
        case
            when pooled.aggregation in ('last', 'last_ratio') then pooled.ends_whole
            else pooled.has_whole_parts and not (pooled.aggregation = 'median' and middles.middle is null)
        end as has_all_parts,
        -- to date may begin with the line; what it is compared with may not
        has_all_parts and (pooled.is_covered or pooled.span <> 'month') as is_whole,
        pooled.aggregation = 'sum' as adds_up,
        case when pooled.operators = 1 and (pooled.without_goal = 0 or not adds_up) then pooled.operator end as goal_operator,
        case when adds_up then pooled.summed_target else pooled.last_target end as goal_target,
        case when adds_up then pooled.summed_target_2 else pooled.last_target_2 end as goal_target_2,
        case when adds_up then pooled.summed_tolerance else pooled.last_tolerance end as goal_tolerance,
        pooled.band as goal_band
    from pooled
    left join summed
        on
            pooled.line_id = summed.line_id
            and pooled.span = summed.span
            and pooled.span_start = summed.span_start
            and pooled.span_end = summed.span_end
    left join middles
        on
            pooled.line_id = middles.line_id
            and pooled.span = middles.span
            and pooled.span_start = middles.span_start
            and pooled.span_end = middles.span_end
),

judged as (
    select
        *,
        {{ quotient('numerator', 'denominator') }} as value,
        case when not is_whole then 'no_data' else {{ verdict('numerator', 'denominator', 'goal_') }} end as status
    from valued
)

select
    judged.line_id,
    judged.span,
    judged.span_start,
    judged.span_end,
    greatest(judged.first_part, judged.span_start) as counted_from,
    judged.value,
    judged.goal_operator as operator,
    case when judged.goal_operator is not null then cast(judged.goal_target as decimal(38, 6)) end as target,
    case when judged.goal_operator is not null then cast(judged.goal_target_2 as decimal(38, 6)) end as target_2,
    judged.status,
    judged.is_whole,
    cast(judged.parts_whole as integer) as parts,
    cast(judged.parts_expected as integer) as parts_expected,
    earlier.span_start as previous_start,
    earlier.span_end as previous_end,
    earlier.value as previous_value
from pairs
inner join judged
    on
        pairs.line_id = judged.line_id
        and pairs.span = judged.span
        and pairs.span_start = judged.span_start
        and pairs.span_end = judged.span_end
-- what is not whole a year ago is nothing to compare with
left join judged as earlier
    on
        pairs.line_id = earlier.line_id
        and pairs.span = earlier.span
        and pairs.previous_start = earlier.span_start
        and pairs.previous_end = earlier.span_end
        and earlier.has_all_parts
        and earlier.is_covered
