-- one row a week: the list is too long for a receipt
select
    'companies_total' as metric_id,
    cast(null as text) as person_key,
    days.snapshot_day as occurred_on,
    count(records.company_id) as numerator,
    1 as denominator,
    cast(null as text) as reason,
    true as counted,
    days.source,
    'snapshot' as record_type,
    cast(days.snapshot_day as text) as record_id,
    cast(null as text) as record_url,
    'All companies made until then' as record_label
from {{ ref('int_crm__days') }} as days
left join {{ ref('int_crm__companies') }} as records
    on not records.is_deleted and coalesce(records.created_day, date '0001-01-01') <= days.snapshot_day
where days.kind = 'companies' and days.is_read
group by days.snapshot_day, days.source
