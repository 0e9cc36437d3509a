"""A small domain for tests of the read side, messages built at run time: accounts with owner and cents."""

from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.message import Message

from projector.projection import Projection, ReadModel

_TEXT, _NUMBER, _MESSAGE = 9, 3, 11
_FIELDS: dict[str, tuple[tuple[str, int], ...]] = {
    "AccountOpened": (("account_id", _TEXT), ("owner", _TEXT), ("cents", _NUMBER)),
    "CentsMoved": (("cents", _NUMBER),),
    "AccountRenamed": (("owner", _TEXT),),
    "AccountClosed": (),
    "AccountView": (
        ("account_id", _TEXT),
        ("owner", _TEXT),
        ("cents", _NUMBER),
        ("is_closed", _NUMBER),
        ("version", _NUMBER),
        ("last_updated", _MESSAGE),
    ),
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="test/accounts/v1/accounts.proto",
        package="test.accounts.v1",
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, 1):
            added = message.field.add(name=field, number=number, label=1)
            added.type = kind  # type: ignore[assignment] # the numbers are those of FieldDescriptorProto.Type
            if kind == _MESSAGE:
                added.type_name = ".google.protobuf.Timestamp"
    return file


_FILE = _file()
descriptor_pool.Default().Add(_FILE)


def _class(name: str) -> Any:
    descriptor = descriptor_pool.Default().FindMessageTypeByName(f"test.accounts.v1.{name}")
    return message_factory.GetMessageClass(descriptor)


AccountOpened = _class("AccountOpened")
CentsMoved = _class("CentsMoved")
AccountRenamed = _class("AccountRenamed")
AccountClosed = _class("AccountClosed")
AccountView = _class("AccountView")
EVENTS: tuple[type[Message], ...] = (AccountOpened, CentsMoved, AccountRenamed, AccountClosed)
EVENT_TYPES = tuple(event.DESCRIPTOR.full_name for event in EVENTS)

RICH_CENTS = 1_000


def descriptor_set() -> bytes:
    """What explains the events."""
    return descriptor_pb2.FileDescriptorSet(file=[_FILE]).SerializeToString(deterministic=True)


def evolve(view: Any, event: Any) -> Any:
    """The account after the event."""
    if isinstance(event, AccountOpened):
        return AccountView(account_id=event.account_id, owner=event.owner, cents=event.cents)
    if isinstance(event, CentsMoved):
        view.cents += event.cents
    elif isinstance(event, AccountRenamed):
        view.owner = event.owner
    elif isinstance(event, AccountClosed):
        view.is_closed = 1
    return view


def indexes(view: Any) -> Iterable[tuple[str, int | str]]:
    """By cents; rich ones apart; by the owner's name."""
    yield "cents", view.cents
    if view.cents >= RICH_CENTS and not view.is_closed:
        yield "rich", view.cents
    yield "owner", view.owner


def tallies(view: Any) -> Iterable[tuple[tuple[str, str, str], int]]:
    """Open accounts and their cents, together and by the owner's first letter."""
    if not view.is_closed:
        for row in ("all", view.owner[:1] or "-"):
            yield ("holdings", row, "accounts"), 1
            yield ("holdings", row, "cents"), view.cents


def projection(name: str, *, version: int = 1, evolve_with: Any = evolve) -> Projection:
    """The accounts under a projection name of the test's own."""
    model = ReadModel(
        name="account",
        category="account",
        view=AccountView,
        evolve=evolve_with,
        indexes=indexes,
        tallies=tallies,
    )
    return Projection(name=name, version=version, read_models=(model,), events=EVENTS)
