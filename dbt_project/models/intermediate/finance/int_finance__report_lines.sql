-- the monthly reports of QuickBooks as receipts: an account and month of the profit and loss, an activity and month of the cash flow.
-- The total of a report decides: what its lines do not explain becomes a line of its own, and a month without lines still has one, so
-- that a month that was read shows, and one that was not (or only by another accounting method) does not
with basis as (
    select {{ setting('quickbooks.accounting_method') }} as accounting_method
),

profit_and_loss as (
    select lines.*
    from {{ ref('stg_quickbooks__profit_and_loss') }} as lines
    inner join basis on lower(lines.accounting_method) = lower(basis.accounting_method)
),

reports as (
    select
        'profit_and_loss' as report,
        accounting_method,
        month_start,
        line_kind,
        group_key,
        title,
        account_id,
        line_number,
        amount,
        implausible,
        through_day,
        currency
    from profit_and_loss

    union all

    select
        'cash_flow' as report,
        cast(null as text) as accounting_method,
        month_start,
        line_kind,
        group_key,
        title,
        account_id,
        line_number,
        amount,
        implausible,
        through_day,
        currency
    from {{ ref('stg_quickbooks__cash_flow') }}
),

-- the groups whose totals are told
wanted as (
    select
        'profit_and_loss' as report,
        unnest(['Income', 'COGS', 'Expenses', 'NetIncome']) as group_key

    union all

    select
        'cash_flow' as report,
        'CashIncrease' as group_key
),

home as (
    select max(home_currency) as currency
    from {{ ref('stg_quickbooks__company') }}
),

months as (
    select
        reports.report,
        reports.accounting_method,
        reports.month_start,
        reports.through_day,
        coalesce(reports.currency, home.currency) as currency
    from reports
    cross join home
    where reports.line_kind = 'month'
),

-- what the net income of a month has and its groups do not explain; null where a total is missing or cannot be read
balances as (
    select
        month_start,
        case
            when count(*) = count(amount)
                then
                    sum(amount) filter (where group_key = 'NetIncome')
                    - coalesce(
                        sum(amount) filter (where group_key = 'NetOtherIncome'),
                        sum(case group_key when 'OtherIncome' then amount when 'OtherExpenses' then -amount end),
                        0
                    )
                    - coalesce(sum(case group_key when 'Income' then amount when 'COGS' then -amount when 'Expenses' then -amount end), 0)
        end as unexplained
    from reports
    where report = 'profit_and_loss' and line_kind = 'total'
    group by month_start
),

told as (
    select
        months.report,
        months.month_start,
        wanted.group_key,
        count(reports.line_kind) > 0 as is_there,
        -- a total that came and cannot be read is unknown
        case when count(reports.line_kind) = count(reports.amount) then sum(reports.amount) end as amount,
        bool_or(len(reports.implausible) > 0) as is_implausible
    from months
    inner join wanted on months.report = wanted.report
    left join reports
        on
            months.report = reports.report
            and months.month_start = reports.month_start
            and wanted.group_key = reports.group_key
            and reports.line_kind = 'total'
    group by months.report, months.month_start, wanted.group_key
),

with_totals as (
    select distinct
        report,
        month_start
    from reports
    where line_kind = 'total'
),

judged as (
    select
        told.*,
        abs(balances.unexplained) <= 0.05 as is_explained,
        -- nothing was booked: the profit and loss has no totals, and neither has the report itself
        balances.month_start is null and with_totals.month_start is null as is_empty,
        bool_and(told.is_there) over (partition by told.report, told.month_start) and told.report = 'profit_and_loss' as is_whole
    from told
    left join balances on told.month_start = balances.month_start
    left join with_totals on told.report = with_totals.report and told.month_start = with_totals.month_start
),

-- QuickBooks leaves out a group without bookings: where the net income shows that nothing else is missing, its total is zero
totals as (
    select
        report,
        month_start,
        group_key,
        is_implausible,
        case
            when is_whole and not is_explained then null
            when is_there then amount
            when is_empty or (report = 'profit_and_loss' and group_key <> 'NetIncome' and is_explained) then 0
        end as amount,
        coalesce(is_whole and not is_explained, false) as is_contradicted
    from judged
),

explained as (
    select
        report,
        month_start,
        group_key,
        line_number,
        account_id,
        title,
        amount
    from reports
    where
        report = 'profit_and_loss'
        and line_kind = 'account'
        and group_key in ('Income', 'COGS', 'Expenses')
        -- the total holds what a line that cannot be read would say
        and amount is not null

    union all

    select
        report,
        month_start,
        'CashIncrease' as group_key,
        line_number,
        group_key as account_id,
        title,
        amount
    from reports
    where
        report = 'cash_flow'
        and line_kind = 'total'
        and group_key in ('OperatingActivities', 'InvestingActivities', 'FinancingActivities')
        and amount is not null
),

lines as (
    select
        *,
        cast(null as text) as unknown_because
    from explained

    union all

    select
        totals.report,
        totals.month_start,
        totals.group_key,
        0 as line_number,
        cast(null as text) as account_id,
        case
            when totals.group_key = 'NetIncome' then 'Net income'
            when count(explained.title) = 0 then 'Total'
            else 'Other lines of the report'
        end as title,
        totals.amount - coalesce(sum(explained.amount), 0) as amount,
        case
            when totals.is_implausible then 'implausible_amount'
            when totals.is_contradicted then 'totals_disagree'
            when totals.amount is null then 'no_number'
        end as unknown_because
    from totals
    left join explained
        on
            totals.report = explained.report
            and totals.month_start = explained.month_start
            and totals.group_key = explained.group_key
    group by totals.report, totals.month_start, totals.group_key, totals.amount, totals.is_implausible, totals.is_contradicted
    having count(explained.title) = 0 or totals.amount is null or totals.amount <> coalesce(sum(explained.amount), 0)
),

numbered as (
    select
        *,
        row_number() over (partition by report, group_key, month_start, coalesce(account_id, title) order by line_number) as place
    from lines
),

incomes as (
    select
        month_start,
        amount as income,
        amount is null as is_unknown
    from totals
    where report = 'profit_and_loss' and group_key = 'Income'
)

select
    lines.report,
    months.accounting_method,
    lines.group_key,
    lines.month_start as occurred_on,
    months.through_day,
    coalesce(lines.amount, 0) as amount,
    -- of the month, for the margin; a month of refunds has no margin
    case when lines.group_key = 'NetIncome' then greatest(incomes.income, 0) end as income,
    months.currency,
    case
        when months.currency <> {{ setting('company.currency') }} then 'other_currency'
        when lines.unknown_because is not null then lines.unknown_because
        when lines.group_key = 'NetIncome' and incomes.is_unknown then 'no_number'
    end as reason,
    'quickbooks' as source,
    'report_line' as record_type,
    concat_ws(
        ':',
        lines.report,
        lines.group_key,
        coalesce(lines.account_id, lines.title),
        -- the same name once more
        case when lines.place > 1 then lines.place end
    ) as record_id,
    cast(null as text) as record_url,
    concat_ws(', ', lines.title, {{ day_text('lines.month_start', 'month') }}, lower(months.accounting_method)) as record_label
from numbered as lines
inner join months on lines.report = months.report and lines.month_start = months.month_start
left join incomes on lines.report = 'profit_and_loss' and lines.month_start = incomes.month_start
