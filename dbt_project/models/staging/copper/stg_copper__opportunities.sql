select
    id as opportunity_id,
    name as opportunity_name,
    assignee_id,
    company_id,
    company_name,
    pipeline_id,
    pipeline_stage_id,
    status,
    -- no zone in it: the account's local day
    close_date as close_day,
    -- Copper's own conversion into the account's currency goes before the amount as it was typed in
    {{ plausible('coalesce(converted_value, monetary_value)', 'money') }} as amount,
    case when converted_value is null then coalesce(monetary_unit, converted_unit) else converted_unit end as currency,
    date_stage_changed as stage_changed_at,
    date_created as created_at,
    date_modified as updated_at,
    {{ plausible('win_probability', 'percent') }} as win_probability,
    {{ implausible_fields({
        'amount': ('coalesce(converted_value, monetary_value)', 'money'),
        'win_probability': ('win_probability', 'percent')
    }) }} as implausible,
    {{ local_day('date_created') }} as created_day,
    {{ local_day('date_stage_changed') }} as stage_changed_day,
    try_cast(
        json_extract_string(custom_fields, '$."' || {{ setting('copper.sale_type_field_id', '0') }} || '"') as bigint
    ) as sale_type_option_id,
    deleted_at is not null as is_deleted
from {{ source('raw_copper', 'opportunities') }}
