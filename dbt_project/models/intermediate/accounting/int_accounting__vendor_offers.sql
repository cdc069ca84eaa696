-- the vendors whose offer is approved (seeds/approved_offers.csv, by name or by Bill.com's id) on each day for which Bill.com's vendors are
-- known, from the day of the approval on. A vendor that is not in Bill.com at all is not onboarded either
with vendor_days as (
    select
        states.snapshot_date,
        states.vendor_id,
        vendors.vendor_name,
        states.network_status,
        states.bank_account_status,
        states.pay_by_type,
        states.is_archived,
        {{ in_setting('states.network_status', 'billcom.connected_network_statuses') }}
        or (
            states.bank_account_status is not null
            and not {{ in_setting('states.bank_account_status', 'billcom.no_bank_account_statuses') }}
        )
        or (states.pay_by_type is not null and not {{ in_setting('states.pay_by_type', 'billcom.paper_payment_methods') }}) as is_onboarded
    from {{ ref('stg_billcom__vendor_states') }} as states
    left join {{ ref('stg_billcom__vendors') }} as vendors on states.vendor_id = vendors.vendor_id
),

days as (
    select
        snapshot_date,
        snapshot_date = max(snapshot_date) over (partition by {{ week_start('snapshot_date') }}) as is_last_of_week
    from vendor_days
    group by snapshot_date
),

matched as (
    select
        days.snapshot_date as occurred_on,
        days.is_last_of_week,
        offers.vendor,
        offers.approved_on,
        vendor_days.vendor_id,
        coalesce(vendor_days.vendor_name, offers.vendor) as vendor_name,
        vendor_days.network_status,
        vendor_days.bank_account_status,
        vendor_days.pay_by_type,
        coalesce(vendor_days.is_onboarded, false) as is_onboarded,
        coalesce(vendor_days.is_archived, false) as is_archived
    from days
    inner join {{ ref('approved_offers') }} as offers
        on
            days.snapshot_date >= offers.approved_on
            and (offers.ended_on is null or days.snapshot_date <= offers.ended_on)
    left join vendor_days
        on
            days.snapshot_date = vendor_days.snapshot_date
            and (
                lower(trim(offers.vendor)) = lower(trim(vendor_days.vendor_name))
                or trim(offers.vendor) = vendor_days.vendor_id
            )
    -- of several with that name the one that can be paid
    qualify
        row_number() over (
            partition by days.snapshot_date, lower(trim(offers.vendor))
            order by vendor_days.is_archived asc, vendor_days.is_onboarded desc, vendor_days.vendor_id asc
        ) = 1
)

select
    *,
    case
        when is_archived then 'archived'
        when is_onboarded then 'onboarded'
    end as reason,
    'billcom' as source,
    'vendor' as record_type,
    coalesce(vendor_id, 'offer:' || lower(trim(vendor))) as record_id,
    cast(null as text) as record_url,
    concat_ws(
        ', ',
        vendor_name,
        case
            when vendor_id is null then 'not in Bill.com'
            when is_archived then 'archived'
            when not is_onboarded and network_status = 'PENDING' then 'invited'
            when not is_onboarded then 'cannot be paid electronically'
            else lower(replace(pay_by_type, '_', ' '))
        end
    ) as record_label
from matched
