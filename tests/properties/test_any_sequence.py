"""Any sequence of commands, repeats, reads, lists, watches, crashes and losses: no answer is ever wrong."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from diptych.consistency.v1.consistency_pb2 import Consistency
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.any_sequence import AnySequence
from tests.properties.checked_shop import CheckedShop
from tests.properties.deeds import request_of
from tests.properties.possible_worlds import Contradiction
from tests.properties.profile import IS_NIGHTLY, seeds
from tests.properties.small_shop import ShopUnderTest
from tests.stack import Stack

# What CI tries is the same each time and is not made shorter: each step takes real time.
_CI = settings(
    max_examples=10,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
_NIGHTLY = settings(
    max_examples=100, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)


# One round; in a nightly run a hundred, each on a new stack, so that what is looked at stays small.
@pytest.fixture(scope="module", params=seeds(1))
def only_shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ShopUnderTest]:
    directory = tmp_path_factory.mktemp("any_sequence")
    stack = Stack(directory / "stack")
    try:
        opened = ShopUnderTest.open(stack.start(), directory, request.param)
        yield opened
        opened.close()
    finally:
        stack.stop()


@pytest.fixture
def shop(only_shop: ShopUnderTest) -> Iterator[ShopUnderTest]:
    AnySequence.shop = only_shop
    yield only_shop
    only_shop.heal()


@pytest.mark.timeout(0 if IS_NIGHTLY else 300)
def test_no_sequence_makes_an_answer_wrong(shop: ShopUnderTest) -> None:
    if IS_NIGHTLY:
        run_state_machine_as_test(seed(shop.seed)(AnySequence), settings=_NIGHTLY)
    else:
        run_state_machine_as_test(AnySequence, settings=_CI)
    assert shop.verdict(time.monotonic()) == []


def test_a_client_that_repeats_under_another_id_is_found_out(shop: ShopUnderTest) -> None:
    """The sabotaged twin of the command id: what should be one delivery are two."""
    checked = CheckedShop(shop)
    checked.do(checked.deed("RegisterProduct", "product", 0, amount=0))
    receive = checked.deed("ReceiveStock", "product", 0, amount=3)
    checked.do(receive)
    with pytest.raises(Contradiction):
        checked.do(receive, request_of(receive, str(uuid4())))


def test_a_read_that_does_not_wait_for_its_token_is_found_out(shop: ShopUnderTest) -> None:
    """The sabotaged twin of the token: the projection stands still, and the query asks for anything."""
    checked = CheckedShop(shop)
    stream = checked.stream("product", 0)
    checked.do(checked.deed("RegisterProduct", "product", 0, amount=0))
    checked.look(stream, _with_token(checked), "token")
    shop.pause("orders")
    checked.do(checked.deed("ReceiveStock", "product", 0, amount=3))
    # Asked rightly, there is no answer and so no wrong one.
    rightly = _with_token(checked)
    checked.look(stream, rightly, "token")
    with pytest.raises(Contradiction):
        checked.look(stream, Consistency(), "token")
    shop.resume()
    # With the token of the command: the one of the answer before is as old as that answer.
    checked.look(stream, rightly, "token")


def _with_token(checked: CheckedShop) -> Consistency:
    consistency = checked.consistency("token")
    assert consistency is not None
    return consistency
