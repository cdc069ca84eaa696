-- the seats of the clients that fail, to look at; whether a single seat was backed up the vendor does not say
select
    clients.occurred_on,
    'seat_' || lower(coalesce(seats.seat_state, 'unknown')) as reason,
    'datto_bcdr' as source,
    'saas_seat' as record_type,
    seats.customer_id || ':' || seats.seat_key as record_id,
    cast(null as text) as record_url,
    concat_ws(', ', coalesce(seats.seat_name, seats.seat_key), clients.client_name, seats.seat_type) as record_label
from {{ ref('int_devices__saas_clients') }} as clients
inner join {{ ref('stg_datto_bcdr__saas_seats') }} as seats
    on clients.occurred_on = seats.snapshot_day and clients.customer_id = seats.customer_id
where clients.is_failing and seats.is_loaded
qualify row_number() over (partition by seats.snapshot_day, seats.customer_id, seats.seat_key order by seats.seat_name) = 1
