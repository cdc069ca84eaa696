-- the CRM that the sales pages are about: that of company.toml, [sales] crm; where it is blank HubSpot, or Copper where HubSpot is not
-- connected. A CRM that was disconnected keeps its past. No row where none was ever connected
select source
from {{ ref('int_sources__chosen') }}
where choice = 'crm' and is_chosen and (was_read or not is_not_connected)
