{{ staged_quickbooks_lines('bill') }}
