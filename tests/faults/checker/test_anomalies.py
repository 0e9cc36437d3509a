"""Histories as transactions over lists: anomalies have their names, and Elle gets what was done and seen."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from diptych.orders.v1.order_query_service_pb2 import ListProductsResponse
from diptych.orders.v1.views_pb2 import Product

from tests.faults.checker import bad_commands
from tests.faults.checker.anomalies import no_anomalies
from tests.faults.checker.calls import Entity
from tests.faults.checker.changes import a_story, change_answer
from tests.faults.checker.elle_export import as_edn
from tests.faults.checker.requests import response_of
from tests.faults.checker.staged import Staged
from tests.faults.checker.transactions import transactions


def _a_stream_is_read_in_another_order(run: Staged) -> None:
    answer = run["o1 read"].answers[0]
    response: Any = response_of("ReadStream", answer.response)
    second, third = response.events[1], response.events[2]
    second.position, third.position = third.position, second.position
    run["o1 read"].answers[0] = replace(answer, response=response.SerializeToString())


def _page(run: Staged, mug: int, tin: int) -> None:
    products = [Product(sku="mug", version=mug), Product(sku="tin", version=tin)]
    response = ListProductsResponse(products=products)
    run["products"].answers = run["products"].answers[:1]
    change_answer(run["products"], response=response.SerializeToString())


def _a_page_shows_half_of_a_command(run: Staged) -> None:
    # The order takes its mugs and its tins at once.
    _page(run, mug=3, tin=2)


def _what_was_refused_is_read(run: Staged) -> None:
    run["approve"].answers.clear()
    run.answer(run["approve"], "fail", code="FAILED_PRECONDITION", reason="ORDER_NOT_PENDING")


def _a_command_is_shown_in_its_middle(run: Staged) -> None:
    first, second = [event for event in run.log.events if event.stream == "order-o1"][1:]
    run.log.events[second.position - 1] = replace(second, command_id=first.command_id)
    entity = Entity(view="order_details", id="o1", version=first.version)
    change_answer(run["read o1"], entity=entity)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("lost append", bad_commands.an_accepted_command_is_not_in_the_log),
        ("incompatible order", _a_stream_is_read_in_another_order),
        ("G-single", _a_page_shows_half_of_a_command),
        ("G1a", _what_was_refused_is_read),
        ("G1b", _a_command_is_shown_in_its_middle),
    ],
)
def test_an_anomaly_is_seen(name: str, change: Callable[[Staged], object]) -> None:
    run = a_story()
    change(run)
    assert any(name in violation.what for violation in no_anomalies(run.evidence()))


@pytest.mark.parametrize(("mug", "tin"), [(2, 2), (3, 3), (4, 3)])
def test_a_page_of_one_moment_is_none(mug: int, tin: int) -> None:
    run = a_story()
    _page(run, mug, tin)
    assert list(no_anomalies(run.evidence())) == []


def test_elle_is_told_of_every_command_and_read() -> None:
    evidence = a_story().evidence()
    lines = list(as_edn(transactions(evidence)))
    appends = sum(line.count(":append") for line in lines if ":type :ok" in line)
    assert appends == len(evidence.log.events)
    assert any('[:r "order-o1" [6 11 13]]' in line for line in lines)
    assert any(":type :invoke" in line and '[:r "order-o1" nil]' in line for line in lines)
    assert [line.split(",")[0] for line in lines] == [f"{{:index {number}" for number in range(len(lines))]
