-- one row per line and period (week, month or quarter, by the metric's cadence), also for periods without events: what was counted
-- and whether that is a number at all
with contributions as (
    select
        *,
        -- the newest snapshot: records left out of it prove as well that it was taken
        max(occurred_on) over (partition by line_id, period_start) as last_day
    from {{ ref('int_scorecard__contributions') }}
),

sums as (
    select
        line_id,
        period_start,
        coalesce(sum(numerator) filter (where counted), 0) as numerator,
        coalesce(sum(denominator) filter (where counted), 0) as denominator,
        coalesce(sum(numerator) filter (where counted and occurred_on = last_day), 0) as last_numerator,
        coalesce(sum(denominator) filter (where counted and occurred_on = last_day), 0) as last_denominator,
        count(*) filter (where counted) as n,
        count(*) filter (where counted and occurred_on = last_day) as last_n,
        max(entered_at) filter (where counted) as entered_at,
        max(last_day) as last_day,
        -- a sum is as old as its oldest part
        min(true_at) filter (where counted and occurred_on = last_day) as true_at,
        -- of a median all that it is the middle of
        list(sample order by sample) filter (where sample is not null) as samples
    from contributions
    group by line_id, period_start
),

-- records that count or do not, or by how much, nobody can know: the number is a part, and the note says which records it lacks
unknown as (
    select
        contributions.line_id,
        contributions.period_start,
        reasons.text,
        list_sort(list_distinct(list(left(contributions.record_label, 80)) filter (where contributions.record_label <> ''))) as labels,
        count(distinct concat_ws(':', contributions.source, contributions.record_type, contributions.record_id)) as n,
        -- a count grows by what its records would count; how much money one would bring nobody knows
        case when any_value(lines.unit) = 'count' then sum(greatest(coalesce(contributions.numerator, 1), 1)) end as most
    from contributions
    inner join {{ ref('reasons') }} as reasons on contributions.reason = reasons.reason and reasons.is_unknown
    inner join {{ ref('int_scorecard__lines') }} as lines on contributions.line_id = lines.line_id
    where lines.aggregation not in ('last', 'last_ratio') or contributions.occurred_on = contributions.last_day
    group by contributions.line_id, contributions.period_start, reasons.text
),

partial as (
    select
        line_id,
        period_start,
        sum(n) as n_unknown,
        sum(most) as most_unknown,
        string_agg(
            n || case when n = 1 then ' record' else ' records' end || ' left out: ' || text
            || coalesce(' (' || array_to_string(labels[:3], '; ') || case when len(labels) > 3 then '; ...' else '' end || ')', ''),
            '. ' order by n desc, text asc
        ) as partial_note
    from unknown
    group by line_id, period_start
),

-- values that nobody can read, in the tables that the line rests on: on the days of their records the number may be any other. Of
-- snapshots only the newest of the period counts
unread as (
    select
        lines.line_id,
        {{ period_start('lines.cadence', 'found.day') }} as period_start,
        found.source,
        replace(found.table_name, '_', ' ') as what,
        found.field,
        count(distinct found.record_id) as n,
        list_sort(list_distinct(list(found.value) filter (where found.value is not null))) as words
    from {{ ref('int_sources__unread') }} as found
    inner join {{ ref('int_scorecard__line_tables') }} as tables
        on
            found.source = tables.source
            and found.table_name = tables.table_name
            -- figures share one table, and each query is its own
            and coalesce(found.record_id = tables.query_name, true)
    inner join {{ ref('int_scorecard__lines') }} as lines on tables.line_id = lines.line_id
    left join sums on lines.line_id = sums.line_id and {{ period_start('lines.cadence', 'found.day') }} = sums.period_start
    where
        lines.aggregation not in ('last', 'last_ratio')
        or not list_contains({{ snapshot_tables() }}, found.source || '.' || found.table_name)
        or coalesce(found.day = sums.last_day, true)
    group by all
),

in_doubt as (
    select
        line_id,
        period_start,
        string_agg({{ unread_text() }}, '. ' order by n desc, what asc, field asc) as note
    from unread
    group by line_id, period_start
),

first_periods as (
    select
        line_id,
        min(period_start) as period_start
    from sums
    where n > 0
    group by line_id
),

-- first days of quarters: calendar quarters for months
bounds as (
    select
        lines.line_id,
        case lines.cadence
            when 'month' then {{ calendar_quarter_start(today() ~ ' - 92') }}
            else {{ quarter_start('(' ~ week_start(today()) ~ ' - 91)') }}
        end as latest_first_day,
        case lines.cadence
            when 'month' then {{ calendar_quarter_start('lines.valid_from') }}
            else {{ quarter_start('lines.valid_from') }}
        end as first_valid_day,
        case lines.cadence
            when 'month' then {{ calendar_quarter_start('first_periods.period_start') }}
            else {{ quarter_start('first_periods.period_start') }}
        end as first_counted_day
    from {{ ref('int_scorecard__lines') }} as lines
    left join first_periods on lines.line_id = first_periods.line_id
),

lines as (
    select
        lines.line_id,
        lines.section,
        lines.metric_id,
        lines.aggregation,
        lines.needs_records,
        lines.is_signed,
        lines.cadence,
        lines.valid_from,
        lines.valid_to,
        coverage.is_manual,
        coverage.is_not_connected,
        coverage.is_late,
        coverage.complete_from,
        coverage.read_through,
        coverage.complete_through,
        coverage.lacks,
        -- from the beginning of a quarter on, so that an average never starts in the middle of one, and at least 13 weeks where the line
        -- is as old
        least(bounds.latest_first_day, greatest(bounds.first_valid_day, coalesce(bounds.first_counted_day, date '9999-12-31'))) as first_day
    from {{ ref('int_scorecard__lines') }} as lines
    inner join {{ ref('int_scorecard__coverage') }} as coverage on lines.line_id = coverage.line_id
    inner join bounds on lines.line_id = bounds.line_id
),

spine as (
    select
        lines.*,
        periods.period_start,
        periods.period_end,
        periods.period_label,
        periods.quarter_label,
        periods.quarter_start,
        {{ day_start_instant('periods.period_start') }} as start_instant,
        {{ day_start_instant('periods.period_end + 1') }} as end_instant
    from lines
    inner join {{ ref('int_calendar__periods') }} as periods
        on
            lines.cadence = periods.cadence
            and periods.period_start between lines.first_day and least(coalesce(lines.valid_to, {{ today() }}), {{ today() }})
            and {{ is_tracked('lines.cadence', 'periods.period_start', 'lines.valid_from') }}
),

filled as (
    select
        spine.*,
        spine.end_instant <= {{ clock() }} as is_finished,
        coalesce(sums.n, 0) as n,
        coalesce(partial.n_unknown, 0) as n_unknown,
        partial.most_unknown,
        nullif(concat_ws('. ', partial.partial_note, in_doubt.note), '') as partial_note,
        in_doubt.line_id is not null as is_in_doubt,
        sums.entered_at,
        sums.true_at,
        sums.last_day,
        sums.samples,
        -- the rest of the period is still to be read
        not spine.is_manual
        and spine.read_through is not null
        and coalesce(spine.complete_through < spine.end_instant, true) as is_awaited,
        case
            when spine.is_manual then coalesce(sums.n, 0) > 0
            else
                coalesce(spine.read_through > spine.start_instant, false)
                and (spine.complete_from is null or spine.complete_from <= spine.start_instant)
                -- a snapshot that was not taken is a blank, a count of nothing is a zero
                and (spine.aggregation not in ('last', 'last_ratio') or sums.last_numerator is not null)
                -- a report in which nothing counts was not read for the period, or not in a form that may be added up
                and (not spine.needs_records or coalesce(sums.n, 0) > 0)
                -- where nothing is known to count, and something may, nothing is known
                and not (
                    (coalesce(partial.n_unknown, 0) > 0 or in_doubt.line_id is not null)
                    and coalesce(case when spine.aggregation in ('last', 'last_ratio') then sums.last_n else sums.n end, 0) = 0
                )
        end as has_value,
        case when spine.aggregation in ('last', 'last_ratio') then sums.last_numerator else coalesce(sums.numerator, 0) end as numerator,
        -- 1 for sums and snapshots: so value = numerator / denominator everywhere, and pooling weeks gives their mean
        case
            when spine.aggregation in ('sum', 'last') then 1
            when spine.aggregation = 'last_ratio' then sums.last_denominator
            else coalesce(sums.denominator, 0)
        end as denominator
    from spine
    left join sums on spine.line_id = sums.line_id and spine.period_start = sums.period_start
    left join partial on spine.line_id = partial.line_id and spine.period_start = partial.period_start
    left join in_doubt on spine.line_id = in_doubt.line_id and spine.period_start = in_doubt.period_start
)

select
    line_id,
    section,
    metric_id,
    aggregation,
    is_signed,
    cadence,
    period_start,
    period_end,
    period_label,
    quarter_label,
    quarter_start,
    is_finished,
    case when has_value then cast(numerator as decimal(38, 9)) end as numerator,
    case when has_value then cast(denominator as decimal(38, 9)) end as denominator,
    n,
    cast(n_unknown as bigint) as n_unknown,
    cast(most_unknown as decimal(38, 9)) as most_unknown,
    -- what the tables of the line lack is told in the periods that it touches
    nullif(concat_ws('. ', partial_note, case when is_awaited then lacks end), '') as partial_note,
    case when has_value then samples end as samples,
    is_finished and is_awaited as is_awaited,
    {{ number_state('end_instant') }} as state,
    case
        when is_manual then entered_at
        -- a snapshot is as old as the day on which it was taken, whatever was loaded since
        when aggregation in ('last', 'last_ratio') then least(coalesce(true_at, complete_through), {{ day_start_instant('last_day + 1') }})
        else complete_through
    end as as_of
from filled
