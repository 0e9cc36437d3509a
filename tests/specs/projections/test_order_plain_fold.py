"""Read models of orders equal a fold made apart from the projector, however the log is cut."""

import random
from collections.abc import Iterator

import pytest
from diptych.orders.v1 import events_pb2 as events
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from projector.orders import ORDERS
from read_store import fold_text
from tests.order_events import START, WrittenLog, instant
from tests.order_fold import Folded, fold
from tests.order_histories import CUSTOMERS, SKUS, History
from tests.plain import plain
from tests.plain_text import term_of
from tests.specs.projections.folded import ReadSide, cuts, read_side

VIEWS = {model.name: model.view for model in ORDERS.read_models}
_NAMES = ("Zoë  Ångström", "Bob STRAẞE", "李 小龙", "Łukasz\tØre", "ﬁnn")


def sundries(dice: random.Random) -> Iterator[Message]:
    """Events of customers and products that orders do not need."""
    while True:
        id_, sku = dice.choice(list(CUSTOMERS)), dice.choice(SKUS)
        name = dice.choice(_NAMES)
        yield dice.choice(
            (
                events.CustomerUpdated(customer_id=id_, name=name, email=f"{id_}@example.org"),
                events.CustomerSuspended(customer_id=id_, reason=name, suspended_at=instant(START)),
                events.CustomerReinstated(customer_id=id_),
                events.ProductPriceChanged(sku=sku, unit_price_cents=dice.randrange(9_999)),
                events.StockReceived(sku=sku, quantity=dice.randrange(1, 50), credit_note_id="c1"),
                events.StockAdjusted(sku=sku, delta=dice.randrange(-50, 50), reason="counted"),
            )
        )


def happened(seed: int, steps: int) -> list[Message]:
    """Orders with all that may happen around them."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    history, others = History(dice), sundries(dice)
    found = [*history.beginning(), events.ProductRegistered(sku="odd", name=dice.choice(_NAMES))]
    for messages in history.steps(steps):
        found += messages
        if dice.random() < 0.3:
            found.append(next(others))
    return found


def assert_equal(side: ReadSide, expected: Folded) -> None:
    documents = {
        (view, id_): plain(VIEWS[view].FromString(document.message))
        for (view, id_), document in side.documents.items()
    }
    assert documents == expected.documents
    assert side.scores == expected.scores
    texts = {(index, id_, term_of(text)): rank for (index, id_), (text, rank) in expected.texts.items()}
    assert side.texts == texts
    assert {key: amount for key, amount in side.tallies.items() if amount} == expected.tallies


def folded_both_ways(messages: list[Message], longest: int, cached: int = 50_000) -> tuple[ReadSide, Folded]:
    log = WrittenLog()
    log.append(*messages)
    batches = cuts(log.events, random.Random(longest), longest)  # noqa: S311 - a test's dice
    side = read_side(batches, cached_views=cached)
    times = [event.recorded_at for event in log.events]
    return side, fold(zip(messages, times, strict=True))


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(1, 40), st.sampled_from([0, 3, 50_000]))
def test_any_batching_gives_what_the_plain_fold_gives(
    seed: int, steps: int, longest: int, cached: int
) -> None:
    assert_equal(*folded_both_ways(happened(seed, steps), longest, cached))


@pytest.mark.parametrize("seed", range(3))
def test_long_histories_give_the_same(seed: int) -> None:
    messages = happened(seed, 600)
    assert {type(message) for message in messages} == set(ORDERS.events)
    assert_equal(*folded_both_ways(messages, 50))


@pytest.mark.parametrize("lost", ["order_summary", "customer", "product", "credit_note"])
def test_an_event_that_one_of_them_does_not_see_makes_a_difference(lost: str) -> None:
    """The sabotaged twin: the newest event of a document of that view is kept from the plain fold."""
    messages = happened(3, 200)
    side, _ = folded_both_ways(messages, 9)
    newest = max(document.position for (view, _), document in side.documents.items() if view == lost)
    log = WrittenLog()
    log.append(*messages)
    kept = [event for event in zip(messages, log.events, strict=True) if event[1].position != newest]
    expected = fold((message, event.recorded_at) for message, event in kept)
    with pytest.raises(AssertionError):
        assert_equal(side, expected)


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_text_is_folded_as_the_read_store_folds_it(text: str) -> None:
    assert term_of(text) == fold_text(text)
