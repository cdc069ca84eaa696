{{ staged_justcall_calls('sales_dialer_calls') }}
