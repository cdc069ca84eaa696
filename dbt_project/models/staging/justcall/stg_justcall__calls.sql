{{ staged_justcall_calls('calls') }}
