"""Messages as plain data, so that tests compare them with data of their own."""

from datetime import UTC
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types


def plain(message: Message) -> Any:
    """All fields of a message by name, also those left out: None where that can be told, else the default.

    A date is 2024-01-31, a month 2024-01, a time a datetime in UTC, a constant its name without the prefix.
    """
    if isinstance(message, Timestamp):
        return message.ToDatetime(UTC)
    if isinstance(message, Date):
        month = f"{message.year:04}-{message.month:02}"
        return f"{month}-{message.day:02}" if message.day else month
    return {field.name: _value(message, field) for field in message.DESCRIPTOR.fields}


def _value(message: Message, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated:
        return [_single(field, each) for each in value]
    if field.has_presence and not message.HasField(field.name):
        return None
    return _single(field, value)


def _single(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return plain(value)
    if field.enum_type is not None:
        return constant(field.enum_type, value)
    return value


def constant(enum: Any, number: int) -> str:
    """The name of a constant without the name of its type."""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return str(enum.values_by_number[number].name).removeprefix(prefix)
