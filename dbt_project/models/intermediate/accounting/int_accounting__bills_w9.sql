-- the open bills of vendors that are paid as 1099 contractors, one row per day and bill, with the state of the vendor's W-9 on that
-- day. The source is `accounting.w9_source`; if that is blank, QuickBooks, or Bill.com if QuickBooks is not connected
with vendor_states as (
    select
        'quickbooks' as source,
        snapshot_date,
        vendor_id,
        is_1099,
        has_tax_id
    from {{ ref('stg_quickbooks__vendor_states') }}

    union all

    select
        'billcom' as source,
        snapshot_date,
        vendor_id,
        is_1099,
        has_tax_id
    from {{ ref('stg_billcom__vendor_states') }}
),

days as (
    select
        vendor_states.source,
        vendor_states.snapshot_date,
        vendor_states.snapshot_date
        = max(vendor_states.snapshot_date) over (partition by {{ week_start('vendor_states.snapshot_date') }}) as is_last_of_week
    from vendor_states
    inner join {{ ref('int_sources__chosen') }} as chosen
        on chosen.choice = 'w9' and chosen.is_chosen and vendor_states.source = chosen.source
    group by vendor_states.source, vendor_states.snapshot_date
),

payments as (
    select
        lines.linked_id as bill_id,
        max(payments.payment_day) as paid_day
    from {{ ref('stg_quickbooks__bill_payment_lines') }} as lines
    inner join {{ ref('stg_quickbooks__bill_payments') }} as payments on lines.bill_payment_id = payments.bill_payment_id
    where lines.linked_type = 'Bill' and not payments.is_deleted and not payments.is_voided
    group by lines.linked_id
),

bills as (
    select
        'quickbooks' as source,
        bills.bill_id,
        bills.vendor_id,
        vendors.vendor_name,
        bills.bill_number,
        bills.total_amount as amount,
        bills.currency,
        bills.due_day,
        {{ local_day('bills.created_at') }} as created_day,
        case when bills.open_amount = 0 then coalesce(payments.paid_day, {{ local_day('bills.updated_at') }}) end as paid_day,
        case
            when bills.is_deleted then 'deleted'
            when bills.is_voided then 'voided'
        end as gone,
        'https://app.qbo.intuit.com/app/bill?txnId=' || bills.bill_id as record_url
    from {{ ref('stg_quickbooks__bills') }} as bills
    left join payments on bills.bill_id = payments.bill_id
    left join {{ ref('stg_quickbooks__vendors') }} as vendors on bills.vendor_id = vendors.vendor_id

    union all

    select
        'billcom' as source,
        bills.bill_id,
        bills.vendor_id,
        bills.vendor_name,
        bills.invoice_number as bill_number,
        bills.amount,
        vendors.currency,
        bills.due_date as due_day,
        bills.created_day,
        -- Bill.com does not give the day of the payment; paying moves updatedTime
        case when bills.is_paid then {{ local_day('bills.updated_at') }} end as paid_day,
        case when bills.is_archived then 'deleted' end as gone,
        cast(null as text) as record_url
    from {{ ref('stg_billcom__bills') }} as bills
    left join {{ ref('stg_billcom__vendors') }} as vendors on bills.vendor_id = vendors.vendor_id
),

open_bills as (
    select
        bills.*,
        days.snapshot_date,
        states.has_tax_id,
        states.is_1099
    from days
    inner join bills
        on
            days.source = bills.source
            and days.snapshot_date >= bills.created_day
            -- the snapshot is taken in the morning: a bill that is paid later that day was open
            and (bills.paid_day is null or days.snapshot_date <= bills.paid_day)
    inner join vendor_states as states
        on
            days.source = states.source
            and days.snapshot_date = states.snapshot_date
            and bills.vendor_id = states.vendor_id
            and states.is_1099 is not false
)

select
    days.source,
    days.snapshot_date as occurred_on,
    days.is_last_of_week,
    open_bills.bill_id,
    open_bills.vendor_name,
    open_bills.bill_number,
    open_bills.amount,
    open_bills.currency,
    open_bills.due_day,
    case
        -- a day without such bills: known, and nothing
        when open_bills.bill_id is null then 'nothing_open'
        when open_bills.gone is not null then open_bills.gone
        when open_bills.has_tax_id then 'has_w9'
        when open_bills.is_1099 is null then 'no_1099_flag'
    end as reason,
    case when open_bills.bill_id is null then 'snapshot' else 'bill' end as record_type,
    coalesce(open_bills.bill_id, 'none') as record_id,
    open_bills.record_url,
    case
        when open_bills.bill_id is null then 'No open bill of a 1099 vendor'
        else
            concat_ws(
                ', ',
                open_bills.vendor_name,
                open_bills.bill_number,
                {{ money_text('open_bills.amount', 'open_bills.currency') }}
            )
    end as record_label
from days
left join open_bills on days.snapshot_date = open_bills.snapshot_date
