"""The log remembers where its past epochs ended, and appends check which history they were decided on."""

from alembic import op

from event_store.statements import schema_object

revision = "0002"
down_revision = "0001"

_OBJECTS = ("past_epochs", "drop_functions_of_0001")


def upgrade() -> None:
    """Makes the table, and drops what would append without the check."""
    for name in _OBJECTS:
        op.get_bind().exec_driver_sql(schema_object(name).replace("%", "%%"))
