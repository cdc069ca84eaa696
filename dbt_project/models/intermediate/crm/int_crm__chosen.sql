-- the CRM of the sales pages: the one in company.toml, [sales] crm; if that is blank, HubSpot, or Copper if HubSpot is not connected.
-- A CRM that was disconnected keeps its past. No row if none was ever connected
select source
from {{ ref('int_sources__chosen') }}
where choice = 'crm' and is_chosen and (was_read or not is_not_connected)
