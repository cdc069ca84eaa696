-- The marts of the sales pages with invented records; see sales_marts.py. Statements end with a semicolon at the end of a line.

create or replace temp macro luck(most, a, b, c) as (hash(a::text || '/' || b::text || '/' || c::text) % (most + 1))::bigint;
create or replace temp macro num(x) as cast(x as decimal(38, 9));

create or replace table marts.dim_sales_periods as
select *, if(period_key = 'last_year', null, if(period_key = 'all', 'last 12 months against the 12 before', 'against the year before')) as comparison,
       first_day as now_first, last_day as now_last, first_day - 364 as then_first, last_day - 364 as then_last,
       strftime(first_day, '%-d %b %Y') || ' - ' || strftime(last_day, '%-d %b %Y') as description
from (values ('this_week', 'This week', 1, date '2025-10-27', date '2025-10-27'), ('last_week', 'Last week', 2, date '2025-10-20', date '2025-10-26'),
             ('mtd', 'Month to date', 3, date '2025-10-01', date '2025-10-27'), ('ytd', 'Year to date', 4, date '2025-01-01', date '2025-10-27'),
             ('last_year', 'Last year', 5, date '2024-01-01', date '2024-12-31'), ('all', 'All time', 6, date '2022-11-01', date '2025-10-27')
) as p(period_key, label, sort_order, first_day, last_day);

create or replace table marts.dim_sales_owners as
select 'all' as owner_key, 'Everyone' as owner_name, 0::bigint as sort_order, false as is_rep
union all select case when i < 7 then 'rep_' || i else 'hubspot:' || i end, name, i + 1, i < 6 from names
union all select 'nobody', 'Nobody', 99, false;

create or replace table marts.fct_sales_kpis as
with measures as (
    select * from (values
        ('pipeline_value', 'Pipeline value', 'money', 'up', 1, true), ('pipeline_weighted', 'Weighted pipeline', 'money', 'up', 2, false),
        ('win_rate', 'Win rate', 'percent', 'up', 3, true), ('open_deals', 'Open deals', 'count', null, 4, true),
        ('activities', 'Activities', 'count', 'up', 5, true), ('contacts', 'Contacts', 'count', null, 6, true),
        ('avg_deal', 'Average deal', 'money', 'up', 7, true), ('won_value', 'Won', 'money', 'up', 8, false),
        ('deals_won', 'Deals won', 'count', 'up', 9, false), ('deals_lost', 'Deals lost', 'count', null, 10, false),
        ('sales_cycle_days', 'Sales cycle, mean', 'days', 'down', 11, false), ('sales_cycle_median', 'Sales cycle, median', 'days', 'down', 12, false),
        ('new_contacts', 'New contacts', 'count', 'up', 13, false), ('leads', 'Leads', 'count', 'up', 14, false), ('mqls', 'MQL', 'count', 'up', 15, false),
        ('sqls', 'SQL', 'count', 'up', 16, false), ('emails', 'E-mails sent', 'count', 'up', 17, false), ('companies', 'Companies', 'count', null, 18, false),
        ('web_visits', 'Web visits of new contacts', 'count', 'up', 19, false), ('form_fills', 'Forms filled by new contacts', 'count', 'up', 20, false),
        ('owners', 'Owners in the CRM', 'count', null, 21, false), ('pipelines', 'Pipelines in the CRM', 'count', null, 22, false)
    ) as m(measure, label, unit, direction, sort_order, is_headline)
),
drawn as (
    select p.period_key, o.owner_key, m.*,
           num(case unit when 'percent' then luck(37, p.period_key, owner_key, measure) when 'money' then luck(90000000, p.period_key, owner_key, measure) / 100.0
               else luck(44602, p.period_key, owner_key, measure) / case unit when 'days' then 37.0 else 1 end end) as numerator,
           num(case unit when 'percent' then 37 else 1 end) as denominator, luck(9, owner_key, p.period_key, measure) as chance
    from marts.dim_sales_periods as p cross join marts.dim_sales_owners as o cross join measures as m
)
select * exclude (chance), if(chance = 0 and measure not in ('owners', 'pipelines'), null, num(numerator / denominator)) as value, if(chance = 0, null, num(numerator / denominator)) as now_value,
       if(chance in (1, 2), null, num(numerator / denominator * (0.7 + chance / 15))) as then_value,
       if(chance in (0, 1, 2), null, num(if(unit = 'percent', numerator / denominator * (0.3 - chance / 15), 1 / (0.7 + chance / 15) - 1))) as change,
       null::text as change_note, null::text as metric_id, if(unit = 'percent', numerator::int || ' of 37 closed', null) as note,
       timestamptz '2025-10-27 12:00:00+00' as read_through
from drawn;

create or replace table marts.fct_sales_lead_sources as
select period_key, owner_key, source as original_source, source as source_label, leads, mqls, mqls // 3 as sqls, mqls // 5 as customers,
       if(leads >= 10, num((mqls // 5) / leads), null) as customer_rate
from (
    select p.period_key, o.owner_key, s.source, 1 + luck(60, p.period_key, o.owner_key, s.source) as leads, luck(leads, s.source, o.owner_key, p.period_key) as mqls
    from marts.dim_sales_periods as p cross join marts.dim_sales_owners as o
    cross join (select unnest(['Organic search', 'Paid search', 'Direct traffic', 'Referrals', 'Offline', getvariable('hostile')[1]]) as source) as s
) where leads % 7 > 0;

create or replace table marts.fct_sales_lead_status as
select p.period_key, o.owner_key, s.s as lead_status, s.s as status_label, luck(900, p.period_key, o.owner_key, s.s) as contacts
from marts.dim_sales_periods as p cross join marts.dim_sales_owners as o
cross join (select unnest(['New', 'Open', 'Attempted to contact', 'Unqualified', 'No status']) as s) as s;

create or replace table marts.fct_sales_funnel as
select cohort, cohort_label, i::bigint as step_order, stage, label as stage_label, n as entered, if(i < 5, p, null) as passed, if(i < 5, (n - p) // 2, null) as still_open,
       if(i < 5, n - p - (n - p) // 2, null) as dropped, if(i < 5, num(p / n), null) as conversion, if(i < 5, num((p + (n - p) // 2) / n), null) as conversion_at_most,
       num(luck(90, cohort, stage, 3)) as median_days
from (values ('all', 'All time', 20), ('last_12_months', 'Last 12 months', 7), ('2025', '2025', 6), ('2024', '2024', 8), ('2023', '2023', 5)) as c(cohort, cohort_label, size)
cross join (values (1, 'lead', 'Lead', 2000, 700), (2, 'mql', 'MQL', 700, 260), (3, 'sql', 'SQL', 260, 90), (4, 'opportunity', 'Opportunity', 90, 24), (5, 'customer', 'Customer', 24, 0)) as s(i, stage, label, n0, p0)
cross join lateral (select n0 * size as n, p0 * size as p) as t;

create or replace table marts.fct_sales_targets as
select span, o as sort_order, span_label, d1 as first_day, d2 as last_day, num(target) as target, num(won) as won_value, (won // 15717)::bigint as won_deals, num(won / target) as attainment,
       num(share) as working_share, num(target * share) as expected, num(target - won) as gap
from (values ('month', 1, 'October 2025', date '2025-10-01', date '2025-10-31', 100000, 78585, 0.83), ('quarter', 2, 'Q4 2025', date '2025-10-01', date '2025-12-31', 300000, 78585, 0.29),
             ('year', 3, '2025', date '2025-01-01', date '2025-12-31', 1200000, 1005888, 0.82)) as t(span, o, span_label, d1, d2, target, won, share);

create or replace table marts.fct_sales_chain as
select span, sort_order, i::bigint as step_order, step, label, num(rate) as rate, rate_label, basis, num(target / divisor) as needed, ceil(target / divisor)::bigint as shown,
       num(luck(9, span, step, 1) + i * 3) as actual
from marts.fct_sales_targets cross join (values
    (0, 'revenue', 'Revenue', null, null, 'the goal', 1), (1, 'deals', 'Deals won', 15717, 'average deal', '10 won, 12 months to 27 Oct 2025', 15717),
    (2, 'opportunities', 'Opportunities', 0.27, 'win rate', '10 of 37 closed, 12 months to 27 Oct 2025', 15717 * 0.27),
    (3, 'sqls', 'SQL', 0.35, 'SQL to opportunity', '35 of 100', 15717 * 0.27 * 0.35), (4, 'mqls', 'MQL', 0.4, 'MQL to SQL', '40 of 100', 15717 * 0.27 * 0.35 * 0.4),
    (5, 'leads', 'Leads', 0.3, 'lead to MQL', '30 of 100', 15717 * 0.27 * 0.35 * 0.4 * 0.3)) as c(i, step, label, rate, rate_label, basis, divisor);

create or replace temp table stages as select * from (values (1, 'Engaged', 0.02), (2, 'Inbound', 0.01), (3, 'Discovery', 0.05), (4, 'Qualified', 0.10), (5, 'Proposal', 0.40), (6, 'Negotiation', 0.80), (7, 'Contract', 0.90)) as s(stage_order, stage_label, probability);

create or replace table marts.fct_sales_deals as
select 'd' || d as deal_id, coalesce(getvariable('hostile')[d // 9], 'Deal ' || d || ' of a company with a name') as deal_name,
       if(d = 9, 'javascript:alert(1)', 'https://app.hubspot.com/contacts/1/deal/' || d) as record_url, o.owner_key, o.owner_name,
       case when d % 5 < 2 then 'open' when d % 3 = 0 then 'won' else 'lost' end as deal_state,
       if(deal_state = 'open', s.stage_label, if(deal_state = 'won', 'Closed won', 'Closed lost')) as stage_label, s.stage_order::bigint as stage_order,
       if(d % 13 = 0, null, num(luck(3000000, d, 1, 1) / 100.0)) as amount, d % 17 = 0 as is_other_currency,
       date '2025-10-20' - (luck(1050, d, 2, 2))::int as created_day, if(deal_state = 'open', null, least(created_day + (20 + luck(170, d, 3, 3))::int, date '2025-10-26')) as closed_on,
       if(deal_state = 'open', date '2025-10-01' + (luck(150, d, 4, 4))::int, null) as close_day, if(deal_state = 'won', closed_on - created_day, null) as cycle_days,
       ['Organic search', 'Paid search', 'Referrals'][1 + d % 3] as original_source, if(deal_state = 'lost', ['Price', 'No budget', 'Not given'][1 + d % 3], null) as lost_reason,
       case when deal_state = 'lost' and d % 4 = 0 then 'disqualified' when is_other_currency then 'other_currency' when amount is null then 'no_amount' end as left_out_reason, false as is_deleted
from range(1, 76) as r(d) join marts.dim_sales_owners as o on o.sort_order = if(d % 11 = 0, 99, 1 + d % 6) join stages as s on s.stage_order = 1 + d % 7;

create or replace table marts.fct_sales_open_deals as
select m.shown_day - if(is_now, 0, 1) as snapshot_day, m.shown_day, m.is_now, d.deal_id, d.deal_name, d.record_url, d.owner_key, d.owner_name, s.stage_label, s.stage_order::bigint as stage_order, num(s.probability) as probability,
       if(d.is_other_currency, null, d.amount) as amount, num(if(d.is_other_currency, null, d.amount) * s.probability) as weighted, d.created_day + 90 as close_day, d.created_day + 90 < m.shown_day as is_overdue,
       (m.shown_day - d.created_day)::bigint as age_days, ((m.shown_day - d.created_day) % 55)::bigint as stage_days, m.shown_day - ((m.shown_day - d.created_day) % 55)::int as last_moved_day,
       if(stage_days > 30, stage_days, null) as stale_days, if(stage_days > 30, 'no activity since ' || strftime(last_moved_day, '%-d %b %Y'), null) as stale_reason,
       true as is_movement_known, luck(3, d.deal_id, 1, 1) as pushes, luck(3, d.deal_id, 1, 1) * 14 as pushed_days, d.is_other_currency
from (
    select date '2025-10-27' - 7 * i::int as shown_day, i = 0 as is_now from range(getvariable('mondays')) as r(i)
    union all select date '2025-10-27', false
) as m
join marts.fct_sales_deals as d on d.created_day < m.shown_day and (d.closed_on is null or d.closed_on >= m.shown_day)
join stages as s on s.stage_order = least(7, 1 + (m.shown_day - d.created_day) // 30);

create or replace table marts.fct_sales_velocity as
select shown_day - if(is_now, 0, 1) as snapshot_day, shown_day, is_now, count(*) as open_deals, num(15717 + 10 * luck(90, shown_day, 1, 1)) as avg_deal, num(0.27) as win_rate, num(105) as cycle_days,
       num(avg_deal * 0.27 / 105) as per_deal_day, num(avg_deal * 0.27 / 105 * open_deals) as per_day, '10 won in the 12 months before' as basis, null::text as unknown_because
from marts.fct_sales_open_deals group by shown_day, is_now;

create or replace table marts.fct_sales_activity as
select p.period_key, o.owner_key, k.kind, k.i::bigint as sort_order, luck(7113, p.period_key, o.owner_key, kind) // if(o.owner_key = 'all', 1, 9) as records,
       if(o.is_rep and kind in ('calls', 'emails', 'meetings'), records, null) as counted, if(o.is_rep and kind in ('calls', 'emails', 'meetings'), num(15 * (p.last_day - p.first_day + 1) * 5 / 7.0), null) as target,
       if(p.period_key = 'all', null, num(counted / target)) as attainment, luck(900, owner_key, p.period_key, kind) as then_records,
       if(p.period_key = 'all' and target is not null, date '2025-10-20', null) as goal_since, if(goal_since is null, null, 6) as goal_days, if(goal_since is null, null, 720) as period_days, num((p.last_day - p.first_day + 1) * 5 / 7.0) as working_days
from marts.dim_sales_periods as p cross join marts.dim_sales_owners as o
cross join (values ('calls', 1), ('emails', 2), ('meetings', 3), ('tasks', 4), ('notes', 5)) as k(kind, i);

create or replace table marts.fct_sales_activity_days as
with buckets as (
    select period_key, unnest(generate_series(first_day, last_day, if(last_day - first_day < 31, interval 1 day, interval 1 month)))::date as bucket, last_day - first_day < 31 as is_day from marts.dim_sales_periods
)
select period_key, o.owner_key, row_number() over (partition by period_key, o.owner_key order by bucket) as bucket_order, if(is_day, strftime(bucket, '%-d %b'), strftime(bucket, '%b ’%y')) as bucket_label, bucket as first_day, bucket as last_day,
       luck(9, bucket, o.owner_key, 1) as calls, luck(40, bucket, o.owner_key, 2) as emails, luck(12, bucket, o.owner_key, 3) as meetings, luck(25, bucket, o.owner_key, 4) as tasks, luck(3, bucket, o.owner_key, 5) as notes
from buckets cross join marts.dim_sales_owners as o;

create or replace table marts.fct_sales_lifecycle as
select p.period_key, o.owner_key, s.i::bigint as stage_order, s.label as stage_label, luck(300, p.period_key, owner_key, i) as contacts, contacts + luck(9000, owner_key, p.period_key, i) as contacts_total
from marts.dim_sales_periods as p cross join marts.dim_sales_owners as o
cross join (values (1, 'Subscriber'), (2, 'Lead'), (3, 'MQL'), (4, 'SQL'), (5, 'Opportunity'), (6, 'Customer'), (99, 'No stage')) as s(i, label);

create or replace table marts.fct_sales_engaged_contacts as
select p.period_key, o.owner_key, r.i::bigint as rank, (1000 + r.i * 7 + p.sort_order)::text as contact_id, coalesce(getvariable('hostile')[r.i], 'Ada Person ' || r.i) as contact_name,
       'https://app.hubspot.com/contacts/1/contact/' || contact_id as record_url, 'Company ' || r.i as company_name, o.owner_name as contact_owner_name, 60 - r.i as activities, p.last_day - r.i::int as last_day
from marts.dim_sales_periods as p cross join marts.dim_sales_owners as o cross join range(1, 21) as r(i) where luck(9, p.period_key, o.owner_key, 1) > 0;

create or replace table marts.fct_sales_companies as
select p.period_key, o.owner_key, dimension, i::bigint as sort_order, name, luck(90, p.period_key, owner_key, name) as companies, luck(4000, owner_key, p.period_key, name) as companies_total, luck(9, name, owner_key, 1) as open_deals,
       luck(5, name, owner_key, 2) as won_deals, num(luck(5, name, owner_key, 2) * 15717) as won_value
from marts.dim_sales_periods as p cross join marts.dim_sales_owners as o
cross join (values ('industry', 1, 'Construction'), ('industry', 2, 'Manufacturing'), ('industry', 3, 'Not given'), ('size', 1, '1 - 10'), ('size', 2, '11 - 50'), ('size', 3, '51 - 200'),
                   ('deals', 1, 'No deal'), ('deals', 2, 'Open deal'), ('deals', 3, 'Customer')) as c(dimension, i, name);

create or replace table marts.fct_sales_win_loss as
select cohort, cohort_label, dimension, i::bigint as sort_order, name, luck(9, cohort, name, 1) as won, 1 + luck(20, cohort, name, 2) as lost, if(dimension = 'reason', null, num(won / (won + lost))) as win_rate, num(won * 15717) as won_value, num(lost * 9000.5) as lost_value
from (values ('all', 'All time'), ('last_12_months', 'Last 12 months')) as c(cohort, cohort_label)
cross join (values ('reason', 1, 'Price'), ('reason', 2, 'Not given'), ('source', 1, 'Organic search'), ('source', 2, 'Referrals'), ('owner', 1, 'Maya Torres'), ('owner', 2, 'Nobody')) as d(dimension, i, name);

create or replace table marts.fct_sales_cycle as
select q as quarter_start, 'Q' || quarter(q) || ' ' || year(q) as quarter_label, 1 + luck(5, q, 1, 1) as won, num(80 + luck(500, q, 1, 2) / 9.0) as mean_days, num(70 + luck(50, q, 1, 3)) as median_days
from (select unnest(generate_series(date '2023-01-01', date '2025-10-01', interval 3 month))::date as q);

create or replace table marts.fct_sales_forecast as
select m as month_start, coalesce(strftime(m, '%b %Y'), 'Overdue') as label, m is null as is_overdue, 1 + luck(6, coalesce(m, date '2020-01-01'), 1, 1) as deals, num(deals * 15717) as value, num(value * 0.3) as weighted_stage, num(value * 0.22) as weighted_history, luck(2, label, 1, 1) as missing_amount
from (select unnest([null, date '2025-10-01', date '2025-11-01', date '2025-12-01', date '2026-01-01']) as m);

create or replace table marts.fct_sales_stage_history as
select stage_label, stage_order::bigint as stage_order, num(probability) as probability, luck(40, stage_label, 1, 1) as entered_closed, luck(entered_closed, stage_label, 2, 2) as won, if(entered_closed >= 5, num(won / entered_closed), null) as own_rate, stage_order = 2 as is_not_monotone from stages;

create or replace table marts.fct_sales_cohorts as
select q as cohort_start, 'Q' || quarter(q) || ' ' || year(q) as cohort_label, 8 as deals, 3 as won, 3 as lost, 2 as still_open, a::bigint as age_days, least(3, a // 60) as won_by_age, 6 as observed,
       if(date '2025-10-27' - q >= a, num(least(3, a // 60) / 8), null) as share, q > date '2025-01-01' as is_censored
from (select unnest(generate_series(date '2023-10-01', date '2025-10-01', interval 3 month))::date as q) cross join (select unnest([30, 60, 90, 120, 180, 360]) as a);


create or replace table marts.fct_sales_records as
select m.measure, if(m.measure in ('calls', 'emails', 'meetings', 'tasks', 'notes'), rtrim(m.measure, 's') || ':', '') || r.i as record_id, o.owner_key, o.owner_name, date '2025-10-27' - ((r.i * 89) % 1000)::int as day,
       num(if(m.measure in ('web_visits', 'form_fills'), 1 + r.i % 9, 1)) as numerator,
       coalesce(if(m.measure in ('companies', 'deals_created'), getvariable('hostile')[r.i // 9], null), m.one || ' ' || r.i) as record_label,
       if(m.measure = 'companies', null, 'https://app.hubspot.com/contacts/1/record/' || r.i) as record_url, if(m.one in ('Contact', 'Deal'), ['Organic search', 'Paid search', 'Referrals'][1 + r.i % 3], null) as source_label,
       if(starts_with(m.measure, 'funnel_'), ['Passed', 'Still open', 'Dropped'][1 + r.i % 3], if(m.one in ('Contact', 'Deal'), 'New', null)) as status_label
from (values ('leads', 'Contact', 900), ('mqls', 'Contact', 200), ('sqls', 'Contact', 60), ('new_contacts', 'Contact', 900), ('web_visits', 'Contact', 400), ('form_fills', 'Contact', 200), ('deals_created', 'Deal', 80),
             ('companies', 'Company', 300), ('calls', 'Call', 900), ('emails', 'E-mail', 900), ('meetings', 'Meeting', 400), ('tasks', 'Task', 900), ('notes', 'Note', 100), ('funnel_lead', 'Contact', 900),
             ('funnel_mql', 'Contact', 200), ('funnel_sql', 'Contact', 90), ('funnel_opportunity', 'Contact', 40), ('funnel_customer', 'Contact', 12)) as m(measure, one, records)
cross join range(1, 1000) as r(i) join marts.dim_sales_owners as o on o.sort_order = if(r.i % 11 = 0, 99, 1 + r.i % 9) where r.i <= m.records;
