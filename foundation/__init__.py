"""Ground floor: settings, calendar, warehouse. Knows nobody above it."""
