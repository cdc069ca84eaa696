-- the companies of the CRM; none if Copper is the CRM, because its companies are not loaded
select
    'hubspot' as source,
    companies.company_id,
    coalesce(nullif(trim(companies.company_name), ''), companies.domain, 'Company ' || companies.company_id) as company_name,
    coalesce(owners.owner_key, 'hubspot:' || nullif(companies.owner_id, ''), 'nobody') as owner_key,
    nullif(trim(companies.industry), '') as industry,
    companies.employees,
    companies.created_day,
    companies.is_deleted
from {{ ref('stg_hubspot__companies') }} as companies
inner join {{ ref('int_crm__chosen') }} as crm on crm.source = 'hubspot'
left join {{ ref('int_crm__owners') }} as owners on owners.source = 'hubspot' and companies.owner_id = owners.owner_id
