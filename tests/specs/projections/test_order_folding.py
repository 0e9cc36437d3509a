"""The read side as a whole: what is derived step by step equals what is computed anew, however it is cut."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from projector.orders import ORDERS
from tests.order_events import WrittenLog
from tests.order_histories import SKUS, History
from tests.specs.projections.folded import ReadSide, cuts, read_side

histories = st.builds(lambda seed, steps: (seed, steps), st.integers(0, 2**32), st.integers(0, 60))


def written(seed: int, steps: int) -> tuple[WrittenLog, History]:
    log, history = WrittenLog(), History(random.Random(seed))  # noqa: S311 - a test's dice
    log.append(*history.beginning())
    for messages in history.steps(steps):
        log.append(*messages)
    return log, history


@settings(max_examples=60, deadline=None)
@given(histories)
def test_deltas_equal_recomputation(plan: tuple[int, int]) -> None:
    log, _ = written(*plan)
    side = read_side(cuts(log.events, random.Random(plan[0]), 9))  # noqa: S311
    assert side.essence() == side.recomputed().essence()


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(1, 50), st.sampled_from([0, 3, 50_000]))
def test_any_cut_into_batches_gives_the_same(plan: tuple[int, int], longest: int, cached: int) -> None:
    log, _ = written(*plan)
    whole = read_side([log.events])
    pieces = read_side(cuts(log.events, random.Random(longest), longest), cached_views=cached)  # noqa: S311
    assert pieces.essence() == whole.essence()


def sums(history: History) -> Counter[tuple[str, str, str]]:
    """Units, customer totals and sales by day, added up from the plain orders."""
    found: Counter[tuple[str, str, str]] = Counter()
    for order in history.orders.values():
        if order.status == "CANCELLED":
            continue
        units = "sold" if order.status in ("SHIPPED", "DELIVERED") else "reserved"
        for sku, quantity, _ in order.lines:
            found["product_units", sku, units] += quantity
        found["customer_totals", order.customer_id, "orders"] += 1
        found["customer_totals", order.customer_id, f"spent|{order.currency}"] += order.total
        day = f"{order.placed_at:%Y-%m-%d}"
        found["sales_by_day", day, f"orders|{order.currency}"] += 1
        found["sales_by_day", day, f"units|{order.currency}"] += order.units
        found["sales_by_day", day, f"gross|{order.currency}"] += order.total
    for credit in history.credits.values():
        found["customer_totals", credit.customer_id, f"credit|{credit.currency}"] += credit.cents
        day = f"{credit.issued_at:%Y-%m-%d}"
        found["sales_by_day", day, f"credit_notes|{credit.currency}"] += 1
        found["sales_by_day", day, f"credit|{credit.currency}"] += credit.cents
    return +found


@settings(max_examples=60, deadline=None)
@given(histories)
def test_tallies_equal_sums_over_the_orders(plan: tuple[int, int]) -> None:
    log, history = written(*plan)
    side = read_side([log.events])
    tallies = ("product_units", "customer_totals", "sales_by_day")
    assert {key: n for key, n in side.tallies.items() if n and key[0] in tallies} == sums(history)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_available_is_received_less_reserved_less_sold(plan: tuple[int, int]) -> None:
    log, history = written(*plan)
    side = read_side([log.events])
    for sku in SKUS:
        held = side.tallies["product_units", sku, "reserved"] + side.tallies["product_units", sku, "sold"]
        assert side.scores["available", sku] == history.received[sku] - held


def test_a_batch_folded_twice_counts_twice_without_its_checkpoint() -> None:
    """The sabotaged twin: this is what the checkpoint in the same step as the tallies prevents."""
    log, history = written(7, 40)
    last = [event for event in log.events if event.version == 1][-1:]
    side = read_side([log.events])
    assert side.essence() == side.recomputed().essence()
    again = ReadSide(side.documents, side.scores, side.texts, Counter(side.tallies))
    again.tallies.update(read_side([last]).tallies)
    assert again.essence() != again.recomputed().essence()
    assert history.orders


def test_every_event_of_the_domain_is_listed() -> None:
    file = ORDERS.events[0].DESCRIPTOR.file
    named = {name for name in file.message_types_by_name if not name.endswith("Item")}
    assert {event.DESCRIPTOR.name for event in ORDERS.events} == named
