"""Alembic's entry: runs the migrations on the connection that event_store.migration hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table_schema="event_log")
with context.begin_transaction():
    context.run_migrations()
