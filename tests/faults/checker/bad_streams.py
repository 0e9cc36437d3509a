"""Wrong answers of those who look on, with the checks that must see it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from diptych.eventlog.v1 import event_log_service_pb2 as eventlog

from tests.faults.checker.bad_commands import Bad
from tests.faults.checker.calls import Call
from tests.faults.checker.changes import a_story, token_at
from tests.faults.checker.requests import response_of
from tests.faults.checker.staged import Staged
from tests.faults.checker.staged_streams import streamed, subscribed, told, watched


def _change(call: Call, nth: int, change: Callable[[Any], object]) -> None:
    response = response_of(call.method, call.answers[nth].response)
    change(response)
    call.answers[nth] = replace(call.answers[nth], response=response.SerializeToString())


def a_subscription_leaves_an_event_out(run: Staged) -> None:
    _change(run["followed"], 0, lambda it: it.events.pop(1))


def a_subscription_leaves_the_last_event_of_a_part_out(run: Staged) -> None:
    _change(run["followed"], 0, lambda it: it.events.pop())


def a_subscription_tells_an_event_twice(run: Staged) -> None:
    _change(run["followed"], 0, lambda it: it.events.append(it.events[-1]))


def a_subscription_swaps_events(run: Staged) -> None:
    _change(run["followed"], 1, lambda it: it.events.reverse())


def a_subscription_tells_what_is_not_so(run: Staged) -> None:
    _change(run["followed"], 0, lambda it: setattr(it.events[0].payload, "value", b""))


def a_subscription_tells_of_another_time(run: Staged) -> None:
    _change(run["followed"], 0, lambda it: setattr(it.events[0].recorded_at, "seconds", 1))


def a_subscription_goes_back(run: Staged) -> None:
    subscribed(run, "back", run.log.events[5:7], run.log.events[5:6], after_position=5)


def a_subscription_goes_on_beyond_the_log(run: Staged) -> None:
    more = told(run.log.events[-1])
    more.position += 1
    response = eventlog.SubscribeResponse(events=[more], position=more.position, head=more.position)
    streamed(run, "beyond", "Subscribe", response, is_over=False, after_position=run.log.head)


def a_read_ends_too_early(run: Staged) -> None:
    _change(run["all read"], 0, lambda it: it.events.pop())
    _change(run["all read"], 0, lambda it: setattr(it, "position", it.position - 1))


def a_read_of_a_category_leaves_an_event_out(run: Staged) -> None:
    _change(run["families read"], 0, lambda it: it.events.pop(0))


def a_stream_is_read_without_its_last_event(run: Staged) -> None:
    _change(run["o1 read"], 0, lambda it: it.events.pop())


def a_stream_is_read_with_a_strange_event(run: Staged) -> None:
    _change(run["o1 read"], 0, lambda it: it.events.append(told(run.log.events[0])))


def a_watch_leaves_an_order_out(run: Staged) -> None:
    _change(run["watched"], 0, lambda it: it.orders.pop())


def a_watch_keeps_an_order_that_left(run: Staged) -> None:
    watched(run, "approved watched", "o1", "o2", status=2)


def a_watch_shows_an_old_order(run: Staged) -> None:
    _change(run["watched"], 0, lambda it: setattr(it.orders[0], "version", 1))


def a_watch_that_goes_on_leaves_a_change_out(run: Staged) -> None:
    watched(run, "gone on", since=6)


def a_watch_goes_on_from_before_its_token(run: Staged) -> None:
    watched(run, "gone on", "o1", "o2", "o3").token = token_at(a_story().log.head + 1)


BAD_STREAMS: Sequence[Bad] = (
    (frozenset({"log"}), a_subscription_leaves_an_event_out),
    (frozenset({"log"}), a_subscription_leaves_the_last_event_of_a_part_out),
    (frozenset({"log"}), a_subscription_tells_an_event_twice),
    (frozenset({"log"}), a_subscription_swaps_events),
    (frozenset({"log"}), a_subscription_tells_what_is_not_so),
    (frozenset({"log"}), a_subscription_tells_of_another_time),
    (frozenset({"log"}), a_subscription_goes_back),
    (frozenset({"log"}), a_subscription_goes_on_beyond_the_log),
    (frozenset({"log"}), a_read_ends_too_early),
    (frozenset({"log"}), a_read_of_a_category_leaves_an_event_out),
    (frozenset({"log"}), a_stream_is_read_without_its_last_event),
    (frozenset({"log"}), a_stream_is_read_with_a_strange_event),
    (frozenset({"watch"}), a_watch_leaves_an_order_out),
    (frozenset({"watch"}), a_watch_keeps_an_order_that_left),
    (frozenset({"C10"}), a_watch_shows_an_old_order),
    (frozenset({"watch"}), a_watch_that_goes_on_leaves_a_change_out),
    (frozenset({"C9"}), a_watch_goes_on_from_before_its_token),
)
