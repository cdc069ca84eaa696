select
    deal_id,
    property,
    set_at,
    source_type,
    -- what nobody can mean is none: neither number nor date, so that it reads as unknown and not as taken away
    case
        when trim(value) = '' then value
        when property = 'amount' and {{ plausible("try_cast(value as decimal(38, 9))", 'money') }} is null then 'implausible'
        when
            property = 'closedate'
            and not coalesce(
                try_cast(value as timestamptz) between timestamptz '1900-01-01' and timestamptz '2199-12-31',
                -- milliseconds since 1970
                try_cast(value as bigint) between -2208988800000 and 7258118400000,
                false
            )
            then 'implausible'
        else value
    end as value,
    {{ local_day('set_at') }} as set_day
from {{ source('raw_hubspot', 'deal_history') }}
