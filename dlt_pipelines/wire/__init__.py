"""How vendors are spoken to: HTTP, credentials, tokens, budgets."""
