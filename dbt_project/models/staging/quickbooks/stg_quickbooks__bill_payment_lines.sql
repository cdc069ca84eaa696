{{ staged_quickbooks_lines('bill_payment') }}
