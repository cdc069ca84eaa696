{{ staged_quickbooks_lines('invoice') }}
