"""Requests of every kind, good and bad, made from a service's descriptors alone."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.services.fuzzed_values import WELL_KNOWN

# Values for a field by its name, where a request should find something that exists.
Known = Mapping[str, Sequence[Any]]

_DEEPEST = 4
_LIMITS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
# Fields 1023, of every wire type: varint, length, fixed64, group.
_UNKNOWN_FIELDS = (b"\xf8\x3f\x01", b"\xfa\x3f\x03abc", b"\xf9\x3f" + b"\0" * 8, b"\xfb\x3f\xfc\x3f")
_HOSTILE_TEXT = (
    "",
    "\0",
    "a\0b",
    " ",
    "x" * 129,
    "x" * 1025,
    "x" * 100_000,
    "é" * 128,
    "\N{PILE OF POO}" * 100,
    "\u202e\u200b\ufeff",
    "'; DROP TABLE events; --",
    "{0}:*?[a]",
    "../../etc/passwd",
    "%s%n$1\\",
    "-1",
    "a\r\nb",
)


def requests_by_method(
    service: ServiceDescriptor, count: int, seed_number: int, known: Known | None = None
) -> dict[str, list[bytes]]:
    """So many requests for every RPC of a service, the same for the same seed."""
    chance = random.Random(seed_number)  # noqa: S311 - inputs, not secrets
    return {
        rpc.name: [wire_request(rpc.input_type, chance, known or {}) for _ in range(count)]
        for rpc in service.methods
    }


def wire_request(message_type: Descriptor, chance: random.Random, known: Known) -> bytes:
    """One request as bytes: most are well formed, some are damaged on the way, a few are noise."""
    dice = chance.random()
    if dice < 0.05:
        return chance.randbytes(chance.randrange(200))
    # One hostile field among good ones reaches further into a service than many.
    hostile_share = chance.choice((0.0, 0.0, 0.05, 0.5))
    maker = RequestMaker(chance=chance, known=known, hostile_share=hostile_share)
    body = maker.message(message_type).SerializePartialToString()
    return chance.choice(_DAMAGES)(body, chance) if dice < 0.25 else body


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMaker:
    """Makes messages; `known` are values by the names of fields."""

    chance: random.Random
    known: Known
    hostile_share: float

    def message(
        self, message_type: Descriptor, depth: int = 0, rules: frozenset[str] = frozenset()
    ) -> Message:
        """A message whose fields keep their rules, but for the share of hostile ones."""
        made = WELL_KNOWN.get(message_type.full_name)
        if made is not None:
            return GetMessageClass(message_type)(**made(self.chance, self.is_hostile(), rules))
        message = GetMessageClass(message_type)()
        if depth < _DEEPEST:
            for field in self.fields(message_type):
                self.fill(message, field, depth)
        return message

    def fields(self, message_type: Descriptor) -> list[FieldDescriptor]:
        """Most of the fields, and one of each oneof."""
        alone = [field for field in message_type.fields if field.containing_oneof is None]
        chosen = [field for field in alone if _is_required(field) or self.chance.random() < 0.8]
        for oneof in message_type.oneofs:
            is_left_out = self.chance.random() < (0.5 if len(oneof.fields) == 1 else 0.1)
            chosen.extend([] if is_left_out else [self.chance.choice(oneof.fields)])
        return chosen

    def is_hostile(self) -> bool:
        """Whether the next value breaks its rules."""
        return self.chance.random() < self.hostile_share

    def fill(self, message: Any, field: FieldDescriptor, depth: int) -> None:
        """Set a field, or leave it out where it is required, which is hostile too."""
        is_hostile = self.is_hostile()
        if is_hostile and self.chance.random() < 0.3:
            return
        if field.is_repeated:
            for _ in range(self.chance.choice((0, 1, 2, 60) if is_hostile else (1, 2, 3))):
                self.append(getattr(message, field.name), field, depth)
        elif field.message_type is not None:
            made = self.message(field.message_type, depth + 1, _names_of_rules(field))
            getattr(message, field.name).CopyFrom(made)
        else:
            setattr(message, field.name, self.scalar(field, is_hostile))

    def append(self, values: Any, field: FieldDescriptor, depth: int) -> None:
        """Add one item to a repeated field or a map."""
        if field.message_type is None:
            values.append(self.scalar(field, self.is_hostile()))
        elif not field.message_type.GetOptions().map_entry:
            values.add().CopyFrom(self.message(field.message_type, depth + 1))
        else:
            key, value = field.message_type.fields
            if value.message_type is None:
                values[self.scalar(key, False)] = self.scalar(value, self.is_hostile())

    def scalar(self, field: FieldDescriptor, is_hostile: bool) -> Any:
        """A value for a field that is no message."""
        if is_hostile:
            return _hostile(field, self.chance)
        if field.name in self.known:
            return self.chance.choice(self.known[field.name])
        return _good(field, self.chance)


def _good(field: FieldDescriptor, chance: random.Random) -> Any:
    rules = rules_of(field)
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(rules.string, chance)
    if field.enum_type is not None:
        return chance.choice(field.enum_type.values[1:] or field.enum_type.values).number
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            return chance.randbytes(chance.randrange(20))
        case FieldDescriptor.CPPTYPE_BOOL:
            return chance.random() < 0.5
    return _whole(getattr(rules, rules.WhichOneof("type") or "int32"), chance)


def _whole(rules: Any, chance: random.Random) -> int:
    """A small number within the rules."""
    return chance.randint(max(1, rules.gte), min(100, rules.lte or 100))


def _text(rules: Any, chance: random.Random) -> str:
    if rules.uuid:
        return str(UUID(int=chance.getrandbits(128), version=4))
    if rules.email:
        return f"{chance.choice('abcdef')}@shop.example"
    if rules.pattern:
        return chance.choice(_matching(rules.pattern, rules.max_len or 200))
    size = chance.randint(max(1, rules.len or rules.min_len), rules.len or min(20, rules.max_len or 20))
    return "".join(chance.choices("abc XYZ-09é", k=size))


@cache
def _matching(pattern: str, max_length: int) -> Sequence[str]:
    found: list[str] = []

    @seed(1)
    @settings(
        max_examples=40, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.from_regex(rf"\A(?:{pattern.removeprefix('^').removesuffix('$')})\Z"))
    def collect(text: str) -> None:
        if 0 < len(text) <= max_length:
            found.append(text)

    collect()
    return found


def _hostile(field: FieldDescriptor, chance: random.Random) -> Any:
    if field.type == FieldDescriptor.TYPE_STRING:
        return chance.choice(_HOSTILE_TEXT)
    if field.enum_type is not None:
        return chance.choice((0, -1, 99, 2**31 - 1, -(2**31)))
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            return chance.randbytes(2000)
        case FieldDescriptor.CPPTYPE_BOOL:
            return chance.random() < 0.5
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return chance.choice((float("nan"), float("inf"), -0.0, -1.0, 1e308))
    low, high = _LIMITS[field.cpp_type]
    return chance.choice((low, high, max(low, -1), 0, 2**31 - 1))


def rules_of(field: FieldDescriptor) -> Any:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    return rules.repeated.items if field.is_repeated else rules


def _names_of_rules(field: FieldDescriptor) -> frozenset[str]:
    """The ids of a field's own rules, which say more than its type."""
    return frozenset(rule.id for rule in rules_of(field).cel)


def _is_required(field: FieldDescriptor) -> bool:
    return bool(rules_of(field).required)


def _cut_short(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _flip_bits(body: bytes, chance: random.Random) -> bytes:
    flipped = bytearray(body)
    for _ in range(min(len(flipped), chance.randrange(1, 4))):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _add_unknown_field(body: bytes, chance: random.Random) -> bytes:
    return body + chance.choice(_UNKNOWN_FIELDS)


def _repeat(body: bytes, chance: random.Random) -> bytes:
    return body * chance.randrange(2, 5)


def _splice(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    return body[:place] + chance.randbytes(chance.randrange(1, 20)) + body[place:]


def _claim_more_than_is_there(body: bytes, _chance: random.Random) -> bytes:
    return body + b"\x0a\xff\xff\xff\xff\x07"


def _nest_deeply(body: bytes, _chance: random.Random) -> bytes:
    nested = b""
    for _ in range(150):
        nested = b"\xfb\x3f" + nested + b"\xfc\x3f"
    return body + nested


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut_short,
    _flip_bits,
    _add_unknown_field,
    _repeat,
    _splice,
    _claim_more_than_is_there,
    _nest_deeply,
)
