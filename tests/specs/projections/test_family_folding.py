"""Read models of families equal a fold made apart from the projector, however the log is cut."""

import random
from dataclasses import replace

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from projector.families import FAMILIES
from projector.orders import ORDERS
from projector.projection import Projection
from read_store import fold_text
from tests import order_histories
from tests.family_events import family_stream_of, one_of_each
from tests.family_fold import Folded, fold
from tests.family_histories import History, family_histories
from tests.order_events import WrittenLog
from tests.plain import plain
from tests.specs.projections.folded import ReadSide, cuts, read_side, view_of

VIEWS = {model.name: model.view for model in FAMILIES.read_models}


def written(happened: list[Message]) -> WrittenLog:
    log = WrittenLog(family_stream_of)
    log.append(*happened)
    return log


def assert_equal(side: ReadSide, expected: Folded) -> None:
    documents = {
        (view, id_): plain(VIEWS[view].FromString(document.message))
        for (view, id_), document in side.documents.items()
    }
    assert documents == expected.documents
    assert side.scores == expected.scores
    texts = {(index, id_, fold_text(text)): 0 for (index, id_), text in expected.texts.items()}
    assert side.texts == texts
    assert {key: amount for key, amount in side.tallies.items() if amount} == expected.tallies


@settings(max_examples=150, deadline=None)
@given(family_histories(), st.integers(1, 40), st.sampled_from([0, 3, 50_000]))
def test_any_batching_gives_what_the_plain_fold_gives(
    happened: list[Message], longest: int, cached: int
) -> None:
    log = written(happened)
    batches = cuts(log.events, random.Random(longest), longest)  # noqa: S311 - a test's dice
    side = read_side(batches, projection=FAMILIES, cached_views=cached)
    times = [event.recorded_at for event in log.events]
    assert_equal(side, fold(zip(happened, times, strict=True)))


@pytest.mark.parametrize("seed", range(4))
def test_long_histories_of_few_families_give_the_same(seed: int) -> None:
    """Long enough for what is rare: invoices paid in parts of which one is late, contacts on one day."""
    history = History(random.Random(seed), most_families=8)  # noqa: S311 - a test's dice
    happened = list(history.steps(1_000))
    log = written(happened)
    side = read_side(cuts(log.events, random.Random(seed), 50), projection=FAMILIES)  # noqa: S311
    assert_equal(side, fold(zip(happened, (event.recorded_at for event in log.events), strict=True)))


@settings(max_examples=60, deadline=None)
@given(family_histories())
def test_every_month_expects_what_it_collected_and_what_is_outstanding(happened: list[Message]) -> None:
    side = read_side([written(happened).events], projection=FAMILIES)
    sums: dict[tuple[str, str, str], int] = {}
    for (tally, row, column), amount in side.tallies.items():
        if tally == "tuition":
            what, currency = column.split("|")[:2]
            sums[row, what, currency] = sums.get((row, what, currency), 0) + amount
    for (row, what, currency), expected in sums.items():
        if what == "expected":
            collected = sums.get((row, "collected", currency), 0)
            assert expected == collected + sums.get((row, "open", currency), 0)
            assert collected == sums.get((row, "method", currency), 0)


def _history(projection: Projection) -> WrittenLog:
    dice = random.Random(11)  # noqa: S311 - a test's dice
    if projection is FAMILIES:
        return written(list(History(dice, most_families=9).steps(600)))
    log, history = WrittenLog(), order_histories.History(dice)
    log.append(*history.beginning())
    for messages in history.steps(150):
        log.append(*messages)
    return log


def _contributes_too_rarely(projection: Projection) -> Projection:
    models = tuple(
        replace(model, contributing_events=(model.contributing_events or projection.events)[:1])
        for model in projection.read_models
    )
    return replace(projection, read_models=models)


@pytest.mark.parametrize("projection", [FAMILIES, ORDERS], ids=lambda projection: projection.name)
def test_no_event_changes_contributions_unsaid(projection: Projection) -> None:
    """Batches of one event, so that no other event of the same batch makes up for one that is not named."""
    batches = [[event] for event in _history(projection).events]
    side = read_side(batches, projection=projection)
    assert side.essence() == side.recomputed(projection).essence()
    unaware = read_side(batches, projection=_contributes_too_rarely(projection))
    assert unaware.essence() != unaware.recomputed(projection).essence()


def test_every_event_of_the_domain_is_listed_and_makes_a_difference() -> None:
    parts = {"CreditApplication", "PaymentAllocation", "InvoiceCancellation"}
    named = set(FAMILIES.events[0].DESCRIPTOR.file.message_types_by_name) - parts
    happened = one_of_each()
    assert {event.DESCRIPTOR.name for event in FAMILIES.events} == named
    assert {type(event) for event in happened} == set(FAMILIES.events)
    for number in range(1, len(happened)):
        before, after = happened[:number], happened[: number + 1]
        assert any(view_of(model, *before) != view_of(model, *after) for model in FAMILIES.read_models), (
            happened[number]
        )


@pytest.mark.parametrize("model", FAMILIES.read_models, ids=lambda model: model.name)
def test_an_unknown_event_changes_nothing(model: object) -> None:
    unknown = ORDERS.events[0]()
    assert view_of(model, *one_of_each(), unknown) == view_of(model, *one_of_each())  # type: ignore[arg-type]
