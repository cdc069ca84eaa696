-- the CRM that the sales pages are about: that of company.toml, [sales] crm; where it is blank HubSpot, or Copper where HubSpot is not
-- connected. No row where neither is
{% set asked_crm = "nullif(lower(" ~ setting('sales.crm', '') ~ "), '')" -%}
select source
from {{ ref('int_sources') }}
where source in ('hubspot', 'copper') and not is_not_connected and source = coalesce({{ asked_crm }}, source)
order by source = 'hubspot' desc
limit 1
