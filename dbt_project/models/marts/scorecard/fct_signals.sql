-- the weeks of a line that say that something has changed: a process behaviour chart (individuals and moving ranges) of each line. A week
-- is judged by the limits of its time: they come from the points before it, and are fixed once there are enough
with points as (
    select
        *,
        row_number() over in_base as position,
        -- of the week before it, as long as no week in between is unknown
        lag(value) over in_stretch as previous,
        abs(value - lag(value) over in_stretch) as moving_range
    from {{ ref('int_signals__points') }}
    window
        in_base as (partition by line_id, base order by week_start),
        in_stretch as (partition by line_id, base, stretch order by week_start)
),

measured as (
    select
        line_id,
        base,
        position,
        first_value(week_start) over earlier as base_from,
        last_value(week_start) over earlier as base_to,
        count(*) over earlier as n,
        avg(value) over earlier as mean_value,
        median(value) over earlier as median_value,
        max(value) over earlier as highest_value,
        avg(moving_range) over earlier as mean_range,
        median(moving_range) over earlier as median_range,
        max(moving_range) over earlier as widest_range,
        avg(case when value = 0 then 1 else 0 end) over earlier as share_of_zeros,
        -- with the point before; not a number where the values never differ
        corr(value, previous) over earlier as autocorrelation
    from points
    window earlier as (partition by line_id, base order by week_start rows between unbounded preceding and 1 preceding)
    qualify position between {{ points_of_limits('fewest') }} + 1 and {{ points_of_limits('most') }} + 1
),

described as (
    select
        points.*,
        measured.base_from,
        measured.base_to,
        measured.n,
        case
            when measured.n is null or measured.mean_range is null then 'too_few_points'
            when measured.share_of_zeros > 0.5 then 'mostly_zero'
            when measured.autocorrelation > 0.6 and not isnan(measured.autocorrelation) then 'trend'
        end as no_range,
        -- one jump would widen the mean range for half a year
        measured.widest_range > 3.268 * measured.mean_range and measured.median_range > 0 as is_by_median,
        case when is_by_median then measured.median_value else measured.mean_value end as centre,
        case when is_by_median then 3.145 * measured.median_range else 2.66 * measured.mean_range end as reach,
        case when is_by_median then 3.865 * measured.median_range else 3.268 * measured.mean_range end as range_limit,
        case when points.is_signed then cast('-infinity' as double) else 0 end as least_possible,
        case when points.unit = 'percent' and measured.highest_value <= 1 then 1 else cast('infinity' as double) end as most_possible
    from points
    left join measured
        on
            points.line_id = measured.line_id
            and points.base = measured.base
            and least(points.position, {{ points_of_limits('most') }} + 1) = measured.position
),

sided as (
    select
        *,
        case when no_range is null then sign(value - centre) end as side,
        -- the side of a value that is nearer to a limit than to the centre
        case when no_range is null and abs(value - centre) > reach / 2 then sign(value - centre) end as near_side,
        no_range is null and abs(value - centre) > reach as is_outside
    from described
),

with_earlier as (
    select
        *,
        lag(side) over (partition by line_id, base, stretch order by week_start) as earlier_side
    from sided
),

ruled as (
    select
        *,
        case
            when no_range is not null then null
            when is_outside then 'outside'
            when moving_range > range_limit then 'range'
            when list_count(list_filter(list(near_side) over last_four, lambda one: one = near_side)) >= 3 then 'three_of_four'
            when abs(sum(side) over last_eight) = 8 then 'eight_in_a_row'
        end as rule,
        -- a run of points on one side, and one of points outside, end with the first that is not
        count_if(side is distinct from earlier_side) over in_stretch as side_run,
        count_if(not is_outside or side is distinct from earlier_side) over in_stretch as outside_run
    from with_earlier
    window
        in_stretch as (partition by line_id, base, stretch order by week_start),
        last_four as (partition by line_id, base, stretch order by week_start rows between 3 preceding and current row),
        last_eight as (partition by line_id, base, stretch order by week_start rows between 7 preceding and current row)
)

select
    line_id,
    week_start,
    value,
    moving_range,
    no_range,
    case when no_range is null then centre end as centre,
    case when no_range is null then greatest(centre - reach, least_possible) end as lower,
    case when no_range is null then least(centre + reach, most_possible) end as upper,
    case when no_range is null then range_limit end as range_limit,
    rule,
    case when rule is not null then if(value > if(rule = 'range', previous, centre), 'high', 'low') end as direction,
    -- a point on the centre is on neither side
    cast(case when coalesce(side, 0) = 0 then 0 else row_number() over in_side_run end as integer) as side_weeks,
    -- a run begins with the point inside that comes before it
    cast(case when is_outside then count_if(is_outside) over in_outside_run else 0 end as integer) as outside_weeks,
    max(case when is_outside then week_start end) over earlier as last_outside,
    min(case when no_range is null then week_start end) over (partition by line_id order by week_start) as judged_from,
    base_from,
    base_to,
    cast(coalesce(n, position - 1) as integer) as n
from ruled
window
    in_side_run as (partition by line_id, base, stretch, side_run order by week_start),
    in_outside_run as (partition by line_id, base, stretch, outside_run order by week_start),
    earlier as (partition by line_id order by week_start rows between unbounded preceding and 1 preceding)
