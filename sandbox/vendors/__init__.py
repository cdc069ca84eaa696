"""The wire contract of each vendor, one module each. They read the store."""
