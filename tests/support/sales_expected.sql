-- What the sales pages must show, over the marts and not as the pages ask for it. `-- page: block`; first the keys of the choice, then the columns
-- of the table in order, each named with how it reads (test_sales.SHOWN). `one_...`: where today is a Monday, without what stood that morning.

-- sales.html: lead_sources
select period_key, owner_key, source_label s_text, leads l_n, mqls m_n, sqls q_n, customers c_n, if(leads < 10, null, customers / leads) r_rate
from marts.fct_sales_lead_sources;

-- sales.html: lead_status
select period_key, owner_key, status_label s_text, contacts c_n
from marts.fct_sales_lead_status;

-- sales_activity.html: kinds
select period_key, owner_key, case kind when 'emails' then 'E-mails' else ucfirst(kind) end k_text, records r_n, then_records t_then, counted c_nblank, target g_goal, {'attainment': attainment, 'since': goal_since} a_reach
from marts.fct_sales_activity;

-- sales_activity.html: trend
select period_key, owner_key, bucket_label b_text, calls c_n, emails e_n, meetings m_n, tasks t_n, notes n_n
from marts.fct_sales_activity_days;

-- sales_activity.html: lifecycle
select period_key, owner_key, stage_label s_text, contacts c_n, contacts_total t_n
from marts.fct_sales_lifecycle;

-- sales_activity.html: engaged
select period_key, owner_key, 'Contact ' || contact_id c_text, contact_owner_name o_text, activities a_n, strftime(last_day, '%-d %b %Y') l_text
from marts.fct_sales_engaged_contacts;

-- sales_activity.html: companies
select period_key, owner_key, name n_text, companies c_n, companies_total t_n, open_deals o_n, won_deals d_n, won_value v_money
from marts.fct_sales_companies;

-- restricted/sales_contacts.html: engaged
select period_key, owner_key, contact_name c_text, company_name y_text, contact_owner_name o_text, activities a_n, strftime(last_day, '%-d %b %Y') l_text
from marts.fct_sales_engaged_contacts;

-- sales_deals.html: won
select p.period_key, w.owner_key, deal_name n_text, d.owner_name o_text, strftime(closed_on, '%-d %b %Y') c_text, {'amount': amount, 'is_foreign': is_other_currency} a_own, cycle_days d_days, original_source s_text
from marts.fct_sales_deals as d, marts.dim_sales_periods as p, marts.dim_sales_owners as w
where closed_on between first_day and last_day and w.owner_key in ('all', d.owner_key) and deal_state = 'won' and not is_deleted;

-- sales_deals.html: lost
select p.period_key, w.owner_key, deal_name n_text, d.owner_name o_text, strftime(closed_on, '%-d %b %Y') c_text, {'amount': amount, 'is_foreign': is_other_currency} a_own, lost_reason r_text, original_source s_text
from marts.fct_sales_deals as d, marts.dim_sales_periods as p, marts.dim_sales_owners as w
where closed_on between first_day and last_day and w.owner_key in ('all', d.owner_key) and deal_state = 'lost' and not is_deleted and coalesce(left_out_reason, '') <> 'disqualified';

-- sales_pipeline.html: stages
select shown_day, stage_label s_text, count(*) c_n, sum(amount) v_money, max(probability) p_percentorblank, sum(weighted) w_money, count(*) - count(amount) m_n
from one_open_deals
group by shown_day, stage_label
union all select shown_day, 'All stages', count(*), sum(amount), null, sum(weighted), count(*) - count(amount)
from one_open_deals
group by 1;

-- sales_pipeline.html: by_owner
select shown_day, owner_name o_text, count(*) c_n, sum(amount) v_money, sum(weighted) w_money, count(stale_days) s_n
from one_open_deals
group by shown_day, owner_name;

-- sales_pipeline.html: stale
select shown_day, deal_name d_text, owner_name o_text, stage_label s_text, stale_days t_days, stale_reason r_text, amount a_money
from one_open_deals
where stale_days > 30;

-- sales_pipeline.html: pushed
select shown_day, deal_name d_text, owner_name o_text, pushes p_n, pushed_days y_days, strftime(close_day, '%-d %b %Y') c_text, if(is_overdue, 'overdue', '') u_text
from one_open_deals
where pushes > 0;

-- sales_pipeline.html: without_amount
select shown_day, deal_name d_text, owner_name o_text, stage_label s_text, age_days a_days, if(is_other_currency, 'in another currency', 'no amount') w_text
from one_open_deals
where amount is null;

-- sales_pipeline.html: velocity
select shown_day, per_day a_tile, per_deal_day b_money, open_deals c_n, avg_deal d_tile, win_rate e_percent, cycle_days f_days
from one_velocity;
