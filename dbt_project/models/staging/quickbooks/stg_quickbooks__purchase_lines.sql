{{ staged_quickbooks_lines('purchase') }}
