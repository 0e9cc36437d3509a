"""What the contract lists and what the domain has are the same: commands, rejections, events."""

from collections.abc import Iterator

import pytest
from diptych.orders.v1 import events_pb2, order_command_service_pb2
from diptych.orders.v1.rejections_pb2 import OrderErrorReason

from write_service.decider import AggregateExists, AggregateNotFound, CommandRejected, Decider
from write_service.orders.service import COMMANDS, DECIDERS

_PREFIX = "ORDER_ERROR_REASON_"


def _rejections(kind: type[CommandRejected] = CommandRejected) -> Iterator[type[CommandRejected]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("write_service.orders."):
            yield each
        yield from _rejections(each)


def test_every_rejection_stands_in_the_contract_and_every_reason_has_a_rejection() -> None:
    listed = {name.removeprefix(_PREFIX) for name in OrderErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118
    assert {rejection.reason for rejection in _rejections()} == listed


def test_the_kind_of_a_rejection_follows_its_name() -> None:
    for rejection in _rejections():
        assert issubclass(rejection, AggregateNotFound) == rejection.reason.endswith("_NOT_FOUND")
        assert issubclass(rejection, AggregateExists) == rejection.reason.endswith("_EXISTS")


def test_every_rpc_but_the_batch_has_one_command() -> None:
    service = order_command_service_pb2.DESCRIPTOR.services_by_name["OrderCommandService"]
    rpcs = {rpc.name: rpc.input_type.full_name for rpc in service.methods if not rpc.client_streaming}
    assert rpcs == {command.name: command.request.DESCRIPTOR.full_name for command in COMMANDS}


def test_every_event_of_the_contract_belongs_to_one_decider() -> None:
    of_deciders = sorted(event.DESCRIPTOR.name for decider in DECIDERS for event in decider.events)
    parts = {"OrderItem", "CreditNoteItem"}
    assert of_deciders == sorted(set(events_pb2.DESCRIPTOR.message_types_by_name) - parts)


@pytest.mark.parametrize("decider", DECIDERS, ids=lambda decider: decider.category)
def test_evolve_takes_every_event_of_its_category_in_any_state(decider: Decider[object]) -> None:
    for first in decider.events:
        for second in decider.events:
            state = decider.evolve(decider.evolve(decider.initial, first()), second())
            assert type(state) is type(decider.initial)
