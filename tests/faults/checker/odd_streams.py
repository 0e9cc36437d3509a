"""What those who look on were told, that looks wrong and is right."""

from collections.abc import Sequence
from dataclasses import replace

from diptych.eventlog.v1 import event_log_service_pb2 as eventlog

from tests.faults.checker.changes import OTHER_EPOCH
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.odd_decisions import Odd
from tests.faults.checker.staged import Staged
from tests.faults.checker.staged_streams import streamed, subscribed, told, watched
from tests.faults.checker.story import place


def a_subscription_was_broken_off(run: Staged) -> None:
    subscribed(run, "broken off", run.log.events[:3])


def a_subscription_saw_what_a_restore_took_away(run: Staged) -> None:
    run["followed"].at = run.now - 1
    lost = told(run.log.events[-1])
    lost.position, lost.event_id = run.log.head + 1, "lost"
    response = eventlog.SubscribeResponse(events=[lost], position=lost.position, head=lost.position)
    streamed(run, "lost", "Subscribe", response, is_over=False, after_position=run.log.head)
    run.log.forks[OTHER_EPOCH] = Fork(common_position=run.log.head, replaced_at=run.now)


def a_read_left_out_what_came_while_it_was_made(run: Staged) -> None:
    place(run, "o4", ("tin", 1, 300))
    run["all read"].at = run["o4"].at


def only_the_first_events_were_read(run: Staged) -> None:
    part = run.log.events[:2]
    response = eventlog.ReadAllResponse(events=[told(event) for event in part], position=2, head=run.log.head)
    streamed(run, "two", "ReadAll", response, limit=2)


def a_stream_was_read_backwards(run: Staged) -> None:
    its = [event for event in run.log.events if event.stream == "order-o1"]
    response = eventlog.ReadStreamResponse(events=[told(event) for event in reversed(its)])
    backwards = eventlog.DIRECTION_BACKWARDS
    streamed(run, "backwards", "ReadStream", response, stream="order-o1", direction=backwards)


def a_subscription_had_nothing_to_say(run: Staged) -> None:
    head = run.log.head
    silence = eventlog.SubscribeResponse(position=head, head=head, heartbeat=True)
    streamed(run, "silence", "Subscribe", silence, is_over=False, after_position=head)


def a_watch_had_nothing_new(run: Staged) -> None:
    watched(run, "nothing new", since=run.log.head)


def a_watch_was_of_some_orders(run: Staged) -> None:
    watched(run, "approved watched", "o1", status=2)


def an_order_changed_before_a_watch_came_to_it(run: Staged) -> None:
    watched(run, "begun", "o1", "o2")
    [first, last] = run["begun"].answers
    before = run["o3 again"].receipt
    assert before is not None
    run["begun"].answers = [replace(first, changes_through=before), last]


ODD_STREAMS: Sequence[Odd] = (
    a_subscription_was_broken_off,
    a_subscription_saw_what_a_restore_took_away,
    a_read_left_out_what_came_while_it_was_made,
    only_the_first_events_were_read,
    a_stream_was_read_backwards,
    a_subscription_had_nothing_to_say,
    a_watch_had_nothing_new,
    a_watch_was_of_some_orders,
    an_order_changed_before_a_watch_came_to_it,
)
