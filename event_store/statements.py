"""Where the SQL of this package is read from: files named after the statement or object they hold."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> bytes:
    """The SQL that a connection sends, from sql/statements."""
    return (files("event_store") / "sql" / "statements" / f"{name}.sql").read_bytes()


def schema_object(name: str) -> str:
    """The definition that the first migration makes, from sql/schema."""
    return _text("schema", name)


def functions() -> list[str]:
    """Every function of sql/functions and the grants on them, in the order to install them in."""
    folder = files("event_store") / "sql" / "functions"
    names = sorted(entry.name.removesuffix(".sql") for entry in folder.iterdir())
    return [_text("functions", name) for name in names if name != "grants"] + [_text("functions", "grants")]


def role_statement(name: str) -> str:
    """A statement about roles and the schema they share, from sql/roles."""
    return _text("roles", name)


def _text(folder: str, name: str) -> str:
    return (files("event_store") / "sql" / folder / f"{name}.sql").read_text(encoding="utf-8")
