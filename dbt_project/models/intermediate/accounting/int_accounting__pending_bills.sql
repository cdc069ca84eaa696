-- the bills that waited for an approval, one row per day and bill. A day on which the snapshot was taken and nothing waited has one row
-- that is left out: so it counts as nothing and not as unknown
with snapshots as (
    select
        snapshot_day as snapshot_date,
        is_last_of_week
    from {{ ref('int_sources__snapshot_days') }}
    where snapshot_table = 'billcom.pending_bills'
)

select
    snapshots.snapshot_date as occurred_on,
    pending.bill_id,
    coalesce(vendors.vendor_name, bills.vendor_name) as vendor_name,
    bills.invoice_number,
    coalesce(pending.invoice_date, bills.invoice_date) as invoice_day,
    pending.due_date as due_day,
    pending.created_day,
    pending.approval_status,
    pending.amount,
    coalesce(vendors.currency, {{ setting('company.currency') }}) as currency,
    case
        when pending.bill_id is null then 'nothing_waits'
        when pending.approval_status is null then 'no_status'
    end as count_reason,
    case
        when pending.bill_id is null then 'nothing_waits'
        when pending.approval_status is null then 'no_status'
        when list_contains(pending.implausible, 'amount') then 'implausible_amount'
        when pending.amount is null then 'no_number'
        -- the vendor says in which currency it bills; where it does not, an amount that was converted shows it
        when
            coalesce(vendors.currency, {{ setting('company.currency') }}) <> {{ setting('company.currency') }}
            or coalesce(bills.amount_home <> bills.amount, false)
            then 'other_currency'
    end as value_reason,
    snapshots.is_last_of_week,
    'billcom' as source,
    case when pending.bill_id is null then 'snapshot' else 'bill' end as record_type,
    coalesce(pending.bill_id, 'none') as record_id,
    cast(null as text) as record_url,
    case
        when pending.bill_id is null then 'No bill waits'
        else
            concat_ws(
                ', ',
                coalesce(vendors.vendor_name, bills.vendor_name, pending.vendor_id),
                bills.invoice_number,
                {{ money_text('pending.amount', 'coalesce(vendors.currency, ' ~ setting('company.currency') ~ ')') }},
                'due ' || {{ day_text('pending.due_date') }}
            )
    end as record_label
from snapshots
left join {{ ref('stg_billcom__pending_bills') }} as pending on snapshots.snapshot_date = pending.snapshot_date
left join {{ ref('stg_billcom__bills') }} as bills on pending.bill_id = bills.bill_id
left join {{ ref('stg_billcom__vendors') }} as vendors on pending.vendor_id = vendors.vendor_id
