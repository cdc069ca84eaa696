-- which records made the difference: the receipts as they were recorded before a change against those recorded with it
with changes as (
    select
        line_id,
        period_start,
        changed_at,
        was_until,
        valid_until
    from {{ ref('int_restatements__changes') }}
    where kind <> 'rejudged'
),

changed_lines as (
    select distinct line_id
    from changes
),

-- numbered, so that texts are looked up for what differs instead of being kept beside every record
records as materialized (
    select
        records.*,
        row_number() over () as number
    from {{ ref('scorecard_records') }} as records
    inner join changed_lines on records.line_id = changed_lines.line_id
),

reasons as (
    select
        reason,
        row_number() over (order by reason) as reason_number
    from records
    where reason is not null
    group by reason
),

instants as (
    select distinct
        line_id,
        period_start,
        unnest([dbt_valid_from, dbt_valid_to]) as instant
    from records
),

-- the recording of the records that belongs to the change: of the same instant, or the next one after a build that was killed in between
seen as (
    select
        changes.line_id,
        changes.period_start,
        changes.changed_at,
        min(instants.instant) as seen_at
    from changes
    inner join instants
        on
            changes.line_id = instants.line_id
            and changes.period_start = instants.period_start
            and changes.changed_at <= instants.instant
            and (changes.valid_until is null or changes.valid_until > instants.instant)
    group by changes.line_id, changes.period_start, changes.changed_at
),

timed as (
    select
        changes.line_id,
        changes.period_start,
        changes.changed_at,
        changes.was_until,
        coalesce(seen.seen_at, changes.changed_at) as seen_at
    from changes
    left join seen
        on changes.line_id = seen.line_id and changes.period_start = seen.period_start and changes.changed_at = seen.changed_at
),

sides as (
    select
        timed.changed_at,
        records.line_id,
        records.period_start,
        records.source,
        records.record_type,
        records.record_id,
        records.number,
        case when records.person_name is not null then records.number end as named,
        records.counted,
        records.numerator,
        records.denominator,
        records.dbt_valid_from,
        reasons.reason_number,
        records.dbt_valid_from < timed.was_until and (records.dbt_valid_to is null or records.dbt_valid_to >= timed.was_until) as in_was,
        records.dbt_valid_from <= timed.seen_at and (records.dbt_valid_to is null or records.dbt_valid_to > timed.seen_at) as in_now
    from timed
    inner join records on timed.line_id = records.line_id and timed.period_start = records.period_start
    left join reasons on records.reason = reasons.reason
),

paired as (
    select
        line_id,
        period_start,
        changed_at,
        source,
        record_type,
        record_id,
        bool_or(in_was) as was_known,
        bool_or(in_now) as is_known,
        bool_or(in_was and counted) as was_counted,
        bool_or(in_now and counted) as is_counted,
        max(case when in_was then reason_number end) as reason_was,
        max(case when in_now then reason_number end) as reason_now,
        sum(case when in_was and counted then numerator end) as numerator_was,
        sum(case when in_now and counted then numerator end) as numerator_now,
        sum(case when in_was and counted then denominator end) as denominator_was,
        sum(case when in_now and counted then denominator end) as denominator_now,
        -- a record that only passed to another person of the line makes no difference, so persons are not kept apart
        arg_max(number, dbt_valid_from) as newest,
        arg_max(named, dbt_valid_from) as named
    from sides
    where in_was or in_now
    group by line_id, period_start, changed_at, source, record_type, record_id
),

differing as (
    select *
    from paired
    where was_counted <> is_counted or was_counted and (numerator_was <> numerator_now or denominator_was <> denominator_now)
),

-- a record that is not known in the period on one side may count in another one of the line, or have counted there until then
places as (
    select
        line_id,
        source,
        record_type,
        record_id,
        occurred_on,
        cast(null as timestamptz) as counted_until
    from {{ ref('fct_contributions') }}
    where counted

    union all

    select
        line_id,
        source,
        record_type,
        record_id,
        occurred_on,
        dbt_valid_to as counted_until
    from records
    where counted and dbt_valid_to is not null
),

elsewhere as (
    select
        differing.line_id,
        differing.period_start,
        differing.changed_at,
        differing.source,
        differing.record_type,
        differing.record_id,
        max(places.occurred_on) as other_day
    from differing
    inner join places
        on
            differing.line_id = places.line_id
            and differing.source = places.source
            and differing.record_type = places.record_type
            and differing.record_id = places.record_id
            and case
                when differing.is_counted then differing.changed_at = places.counted_until
                else places.counted_until is null
            end
    where not (differing.was_known and differing.is_known)
    group by
        differing.line_id, differing.period_start, differing.changed_at, differing.source, differing.record_type, differing.record_id
)

select
    differing.line_id,
    differing.period_start,
    differing.changed_at,
    case
        when differing.is_counted and differing.was_counted then 'changed'
        when differing.is_counted then 'added'
        else 'removed'
    end as change,
    reasons.reason,
    differing.was_known and differing.is_known as is_known_on_both_sides,
    elsewhere.other_day,
    newest.occurred_on,
    named.person_name,
    cast(differing.numerator_was as decimal(38, 9)) as numerator_was,
    cast(differing.numerator_now as decimal(38, 9)) as numerator_now,
    cast(differing.denominator_was as decimal(38, 9)) as denominator_was,
    cast(differing.denominator_now as decimal(38, 9)) as denominator_now,
    differing.source,
    differing.record_type,
    differing.record_id,
    newest.record_url,
    newest.record_label
from differing
inner join records as newest on differing.newest = newest.number
left join records as named on differing.named = named.number
left join reasons on reasons.reason_number = case when differing.is_counted then differing.reason_was else differing.reason_now end
left join elsewhere
    on
        differing.line_id = elsewhere.line_id
        and differing.period_start = elsewhere.period_start
        and differing.changed_at = elsewhere.changed_at
        and differing.source = elsewhere.source
        and differing.record_type = elsewhere.record_type
        and differing.record_id = elsewhere.record_id
