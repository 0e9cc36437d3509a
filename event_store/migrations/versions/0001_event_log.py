"""The log as it began."""

from alembic import op

from event_store.statements import schema_object

revision = "0001"
down_revision = None

_OBJECTS = (
    "log_head",
    "first_log_head",
    "descriptor_sets",
    "event_types",
    "events",
    "commands",
    "snapshots",
    "refuse_change",
    "log_head_stays",
    "descriptor_sets_append_only",
    "event_types_append_only",
    "events_append_only",
    "commands_append_only",
    "read_grants",
)


def upgrade() -> None:
    """Makes everything in sql/schema; what exists somewhere is only ever changed by a later migration."""
    for name in _OBJECTS:
        op.get_bind().exec_driver_sql(schema_object(name).replace("%", "%%"))
