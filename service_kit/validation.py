"""The one place that knows protovalidate: rules of the protos in, field violations out."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message
from protovalidate import CompilationError, EvaluationError, Validator, Violation

from service_kit.errors import MAX_VIOLATIONS, FieldViolation, StartRefused

_validator = Validator()


def build_rules(message_types: Iterable[type[Message]]) -> None:
    """Compile the rules of these messages, so that no call pays for it; raise StartRefused on a bad rule."""
    for message_type in message_types:
        try:
            _validator.collect_violations(message_type())
        except CompilationError as error:
            raise StartRefused(f"a rule of {message_type.DESCRIPTOR.full_name} is wrong: {error}") from error


def violations_of(message: Message) -> tuple[FieldViolation, ...]:
    """Answer what a message breaks, at most 20 fields; empty when it is valid."""
    try:
        found = _validator.collect_violations(message)
    except EvaluationError:
        # A rule that can't be evaluated on this content is not fulfilled by it.
        return (FieldViolation(field="", description="the rules can't be applied to this value"),)
    return tuple(_field_violation(each) for each in found[:MAX_VIOLATIONS]) if found else ()


def _field_violation(violation: Violation) -> FieldViolation:
    proto = violation.proto
    rule_id = proto.rule_id or "rule"
    return FieldViolation(
        field=_path(proto.field),
        description=proto.message or f"breaks the rule {rule_id}",
        reason=rule_id.upper().replace(".", "_").replace("-", "_"),
    )


def _path(field: Any) -> str:
    # A rule of a whole message has no field.
    if field is None:
        return ""
    return ".".join(_element(each) for each in field.elements)


def _element(element: Any) -> str:
    subscript = element.subscript
    if subscript is None:
        return str(element.field_name)
    value = subscript.value
    return f'{element.field_name}["{value}"]' if isinstance(value, str) else f"{element.field_name}[{value}]"
