"""What Alembic runs for each migration. `foundation/store/engine.py` hands over the open transaction."""

from alembic import context

from foundation.store.schema import metadata

# one transaction for all: a killed migration leaves nothing behind, in SQLite too
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
