"""What the contract lists and what the domain has are the same: commands, rejections, events."""

from collections.abc import Iterator
from typing import Any

import pytest
from diptych.families.v1 import events_pb2, family_command_service_pb2
from diptych.families.v1.rejections_pb2 import FamilyErrorReason
from google.protobuf.message import Message

from write_service.decider import AggregateExists, AggregateNotFound, CommandRejected
from write_service.families.family import FAMILY
from write_service.families.service import COMMANDS, DECIDERS

_PREFIX = "FAMILY_ERROR_REASON_"
# Field 536870911, the last there can be, as a varint.
_UNKNOWN_FIELD = b"\xf8\xff\xff\xff\x0f\x01"


def _rejections(kind: type[CommandRejected] = CommandRejected) -> Iterator[type[CommandRejected]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("write_service.families."):
            yield each
        yield from _rejections(each)


def test_every_rejection_stands_in_the_contract_and_every_reason_has_a_rejection() -> None:
    listed = {name.removeprefix(_PREFIX) for name in FamilyErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118
    assert {rejection.reason for rejection in _rejections()} == listed


def test_the_kind_of_a_rejection_is_as_the_contract_says() -> None:
    not_found = {rejection.reason for rejection in _rejections() if issubclass(rejection, AggregateNotFound)}
    exists = {rejection.reason for rejection in _rejections() if issubclass(rejection, AggregateExists)}
    assert not_found == {"FAMILY_NOT_FOUND", "UNKNOWN_INVOICE"}
    assert exists == {"FAMILY_ALREADY_ENROLLED", "INVOICE_EXISTS", "DUPLICATE_TRANSACTION"}


def test_every_rpc_but_the_batch_has_one_command() -> None:
    service = family_command_service_pb2.DESCRIPTOR.services_by_name["FamilyCommandService"]
    rpcs = {rpc.name: rpc.input_type.full_name for rpc in service.methods if not rpc.client_streaming}
    assert rpcs == {command.name: command.request.DESCRIPTOR.full_name for command in COMMANDS}


def test_every_event_of_the_contract_belongs_to_one_decider() -> None:
    of_deciders = sorted(event.DESCRIPTOR.name for decider in DECIDERS for event in decider.events)
    parts = {"CreditApplication", "PaymentAllocation", "InvoiceCancellation"}
    assert of_deciders == sorted(set(events_pb2.DESCRIPTOR.message_types_by_name) - parts)


def test_evolve_takes_every_event_in_any_state() -> None:
    for first in FAMILY.events:
        for second in FAMILY.events:
            state = FAMILY.evolve(FAMILY.evolve(FAMILY.initial, first()), second())
            assert type(state) is type(FAMILY.initial)


@pytest.mark.parametrize("event", FAMILY.events, ids=lambda event: str(event.DESCRIPTOR.name))
def test_fields_of_later_versions_change_nothing(event: type[Message]) -> None:
    known: Any = event()
    known.family_id = "lee"
    later = event.FromString(known.SerializeToString() + _UNKNOWN_FIELD)
    assert later.SerializeToString() != known.SerializeToString()
    assert FAMILY.evolve(FAMILY.initial, later) == FAMILY.evolve(FAMILY.initial, known)
