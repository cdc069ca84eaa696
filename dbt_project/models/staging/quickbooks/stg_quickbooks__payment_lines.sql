{{ staged_quickbooks_lines('payment') }}
