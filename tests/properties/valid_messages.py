"""Valid messages from their descriptors alone, with values at the edges of their rules now and then."""

import random
from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from service_kit.validation import violations_of
from tests.services.fuzzing import Known, RequestMaker, rules_of

_SHARE_WITH_EDGES = 0.1
_MOST_TRIES = 200
# Field 536870911, the last there can be, and a group before it.
_UNKNOWN_FIELDS = b"\xfb\x3f\xfc\x3f\xf8\xff\xff\xff\x0f\x01"
_WHOLE = (
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
)


class _EdgeMaker(RequestMaker):
    """Takes the lowest or the highest number that a field's rules allow half of the time."""

    def scalar(self, field: FieldDescriptor, is_hostile: bool) -> Any:
        if (edges := _edges(field)) and self.chance.random() < 0.5:
            return self.chance.choice(edges)
        return super().scalar(field, is_hostile)


def valid_message(kind: type[Any], chance: random.Random, known: Known) -> Any:
    """A message that keeps all its rules; `known` are values by the names of fields."""
    kind_of_maker = _EdgeMaker if chance.random() < _SHARE_WITH_EDGES else RequestMaker
    maker = kind_of_maker(chance=chance, known=known, hostile_share=0.0)
    for _ in range(_MOST_TRIES):
        message = maker.message(kind.DESCRIPTOR)
        if not violations_of(message):
            return message
    raise AssertionError(f"no valid {kind.DESCRIPTOR.name} in {_MOST_TRIES} tries")


def any_message(kind: type[Any], chance: random.Random, known: Known) -> Any:
    """A message of which any field may be left out; its numbers are whatever their types hold."""
    return RequestMaker(chance=chance, known=known, hostile_share=0.0).message(kind.DESCRIPTOR)


def with_unknown_fields(message: Message) -> Any:
    """The same message as a later version of its type would have written it."""
    later = type(message).FromString(message.SerializeToString() + _UNKNOWN_FIELDS)
    assert later.SerializeToString() != message.SerializeToString()
    return later


def _edges(field: FieldDescriptor) -> Sequence[int]:
    rules = rules_of(field)
    if field.cpp_type not in _WHOLE or field.enum_type is not None or rules.WhichOneof("type") is None:
        return ()
    own = getattr(rules, rules.WhichOneof("type"))
    named = [part for part in ("gte", "lte") if own.HasField(part)]
    return [getattr(own, part) for part in named if getattr(own, part) not in own.not_in]
