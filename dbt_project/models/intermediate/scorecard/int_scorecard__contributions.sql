-- every metric's contributions, given to the lines that show the metric: the people of the line, each record once per team
with metric_rows as (
    {% for name in metric_models() %}
    select
        metric_id,
        cast(person_key as text) as person_key,
        cast(occurred_on as date) as occurred_on,
        cast(numerator as decimal(38, 9)) as numerator,
        cast(denominator as decimal(38, 9)) as denominator,
        -- nothing that is dated after today has happened; a typed number says itself which period it is for
        counted and source <> 'manual' and coalesce(occurred_on > {{ today() }}, false) as is_ahead,
        counted and not is_ahead as counted,
        cast(case when is_ahead then 'not_yet' else reason end as text) as reason,
        source,
        record_type,
        cast(record_id as text) as record_id,
        cast(record_url as text) as record_url,
        cast(record_label as text) as record_label,
        cast({{ metric_segment(name) }} as text) as segment,
        cast({{ metric_true_at(name) }} as timestamptz) as true_at
    from {{ ref(name) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

typed as (
    select
        *,
        reason is null as counted
    from {{ ref('int_manual__entries') }}
),

system_fed as (
    select
        lines.line_id,
        typed.typed_line_id,
        typed.entered_at,
        metric_rows.*
    from {{ ref('int_scorecard__lines') }} as lines
    inner join metric_rows on lines.metric_id = metric_rows.metric_id
    -- by what is equal alone: any other condition of an outer join compares each row with each
    left join typed on case when metric_rows.source = 'manual' then metric_rows.record_id end = typed.record_id
    where not lines.is_fed_by_hand
),

hand_fed as (
    select
        lines.line_id,
        typed.typed_line_id,
        typed.entered_at,
        typed.metric_id,
        typed.person_key,
        typed.occurred_on,
        cast(typed.numerator as decimal(38, 9)) as numerator,
        cast(typed.denominator as decimal(38, 9)) as denominator,
        typed.counted,
        typed.reason,
        typed.source,
        typed.record_type,
        typed.record_id,
        typed.record_url,
        typed.record_label,
        cast(null as text) as segment,
        cast(null as timestamptz) as true_at
    from {{ ref('int_scorecard__lines') }} as lines
    inner join typed on lines.metric_id = typed.metric_id
    where lines.is_fed_by_hand
),

fed as (
    select * from system_fed
    union all by name
    select * from hand_fed
),

of_the_line as (
    select
        fed.*,
        lines.cadence,
        lines.aggregation,
        lines.distinct_for_team,
        {{ week_start('fed.occurred_on') }} as week_start,
        {{ period_start('lines.cadence', 'fed.occurred_on') }} as period_start,
        line_people.position as person_position
    from fed
    inner join {{ ref('int_scorecard__lines') }} as lines on fed.line_id = lines.line_id
    left join {{ ref('int_scorecard__line_people') }} as line_people
        on
            fed.line_id = line_people.line_id
            and fed.person_key = line_people.person_key
            and fed.occurred_on between line_people.counts_from and line_people.counts_until
    where
        fed.occurred_on is not null
        -- nothing that happened before a line began is the line's
        and {{ is_tracked('lines.cadence', 'fed.occurred_on', 'lines.valid_from') }}
        and case
            -- a number typed for a line is that line's and no other's
            when fed.typed_line_id is not null then fed.typed_line_id = lines.line_id
            when len(lines.people_keys) = 0 then true
            else line_people.person_key is not null
        end
),

-- what counts, or is left out, by what else is in its line: of the other lines no row needs to be held beside another
compared as (
    select *
    from of_the_line
    where distinct_for_team or aggregation = 'median'
),

shared as (
    select
        *,
        case
            when distinct_for_team and counted then
                row_number() over (
                    partition by line_id, source, record_type, record_id, occurred_on, counted
                    order by person_position nulls last, person_key nulls last
                )
        end as share,
        first_value(person_key) over (
            partition by line_id, source, record_type, record_id, occurred_on, counted
            order by person_position nulls last, person_key nulls last
        ) as counted_for
    from compared
),

judged as (
    select
        *,
        case
            when reason is not null then reason
            when share > 1 then 'counted_for_' || coalesce(counted_for, 'somebody_else')
        end as own_reason
    from shared
),

ranked as (
    select
        *,
        row_number() over (partition by line_id, period_start, own_reason is null order by numerator, source, record_id) as place,
        count(*) over (partition by line_id, period_start, own_reason is null) as places
    from judged
),

-- of a median the record in the middle of the line's period counts, or the two whose mean it is
placed as (
    select
        *,
        case
            when own_reason is not null or aggregation <> 'median' then own_reason
            when 2 * place < places then 'faster_than_median'
            when 2 * place > places + 2 then 'slower_than_median'
        end as final_reason,
        case when aggregation = 'median' and own_reason is null then numerator end as sample
    from ranked

    union all by name

    select
        *,
        reason as final_reason
    from of_the_line
    where not distinct_for_team and aggregation <> 'median'
)

select
    line_id,
    period_start,
    week_start,
    metric_id,
    person_key,
    occurred_on,
    numerator,
    denominator,
    final_reason is null as counted,
    final_reason as reason,
    source,
    record_type,
    record_id,
    record_url,
    record_label,
    segment,
    true_at,
    entered_at,
    sample
from placed
