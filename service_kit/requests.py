"""From bytes to a request that keeps its rules, or a refusal that names every field at fault."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeVar

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from service_kit.errors import MAX_VIOLATIONS, FieldViolation, ServiceError
from service_kit.validation import violations_of

Request = TypeVar("Request", bound=Message)


def parse(request_type: type[Request], content: bytes) -> Request:
    """Raise ServiceError when the bytes are not a message of this type."""
    try:
        return request_type.FromString(content)
    except DecodeError:
        name = request_type.DESCRIPTOR.full_name
        raise ServiceError(
            grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", f"the bytes are not a {name}"
        ) from None


def check(request: Message, *, refuses_unknown_fields: bool, item: Message | None = None) -> None:
    """Raise ServiceError when a request breaks a rule of its proto or holds what a command may not hold.

    Where all rules are those of one `item` in it, only that is looked at: a request that could hold any of
    many items takes several times as long.
    """
    if refuses_unknown_fields:
        _check_no_unknown_fields(request)
    _check_rules(request, item)


def _check_rules(request: Message, item: Message | None) -> None:
    if item is not None and not violations_of(item):
        return
    violations = violations_of(request)
    if violations:
        first = violations[0]
        raise ServiceError(
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_REQUEST",
            f"{first.field or 'the request'}: {first.description}",
            violations=violations,
        )


def _check_no_unknown_fields(request: Message) -> None:
    size = request.ByteSize()
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    if known.ByteSize() != size:
        fields = [
            FieldViolation(field=path, description="is not a field of this message", reason="UNKNOWN_FIELD")
            for path in islice(_unknown_fields(request, ""), MAX_VIOLATIONS)
        ]
        names = ", ".join(each.field for each in fields[:3])
        raise ServiceError(
            grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_FIELD", f"unknown fields: {names}", violations=fields
        )


def _unknown_fields(message: Message, prefix: str) -> Iterator[str]:
    for number in dict.fromkeys(each.field_number for each in UnknownFieldSet(message)):  # type: ignore[attr-defined] # the stub lacks __iter__
        yield f"{prefix}{number}"
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for subscript, inner in _messages_in(value):
                yield from _unknown_fields(inner, f"{prefix}{field.name}{subscript}.")


def _messages_in(value: object) -> Iterator[tuple[str, Message]]:
    if isinstance(value, Message):
        yield "", value
    elif isinstance(value, Mapping):
        yield from ((f'["{key}"]', item) for key, item in value.items() if isinstance(item, Message))
    else:
        yield from ((f"[{index}]", item) for index, item in enumerate(value))  # type: ignore[arg-type, var-annotated] # the protobuf runtime has no type for a repeated field
