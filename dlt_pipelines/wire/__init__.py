"""Communication with vendors: HTTP, credentials, tokens, budgets."""
