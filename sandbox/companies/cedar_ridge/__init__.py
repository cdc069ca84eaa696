"""Cedar Ridge IT, a managed-service company, in every system."""
