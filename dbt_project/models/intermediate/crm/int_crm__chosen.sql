-- the CRM that the sales pages are about: that of company.toml, [sales] crm; where it is blank HubSpot, or Copper where HubSpot is not
-- connected. No row where neither is
select source
from {{ ref('int_sources__chosen') }}
where choice = 'crm' and is_chosen and not is_not_connected
