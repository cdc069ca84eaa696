"""The store: what people do, and what was sent. SQLite in `var/store.sqlite`, or Postgres with `STORE_URL`.

    with begin(settings) as connection:
        add_entry(connection, ...)

`entries`, `goals` and `audit` are append-only. The warehouse can be computed again, the store cannot: back it
up (`scoreline backup` does). `schema.py` has the tables, `migrations/` how they came to be; every process
that opens the store brings it up to date first.
"""

from foundation.store.engine import StoreError, StoreLost, begin, open_store, read

__all__ = ["StoreError", "StoreLost", "begin", "open_store", "read"]
