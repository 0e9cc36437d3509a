"""Answers of those who look on in a staged run: who read the log, followed it, or watched the orders."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from diptych.eventlog.v1 import event_log_service_pb2 as eventlog
from diptych.orders.v1.order_query_service_pb2 import WatchOrdersResponse
from diptych.orders.v1.views_pb2 import OrderSummary
from google.protobuf.message import Message

from tests.faults.checker.calls import Call, Page, Point
from tests.faults.checker.log_dump import LogEvent
from tests.faults.checker.requests import request_type
from tests.faults.checker.staged import EPOCH, Staged


def told(event: LogEvent) -> eventlog.RecordedEvent:
    """An event as the log's service tells it."""
    said = eventlog.RecordedEvent(
        position=event.position,
        stream=event.stream,
        version=event.version,
        event_id=str(event.event_id),
        type=event.type,
        command_id=str(event.command_id),
        category=event.category,
    )
    said.payload.value = event.payload
    said.recorded_at.FromDatetime(event.recorded_at)
    return said


def streamed(
    run: Staged, label: str, method: str, *responses: Message, is_over: bool = True, **fields: Any
) -> Call:
    """A call that was answered by these, and came to its end or was broken off by its caller."""
    call = run._call(label, method, request_type(method)(**fields))
    for number, response in enumerate(responses, start=1):
        page = Page(scan=label, number=number, is_last=False)
        run.answer(call, code="OK", page=page, response=response.SerializeToString())
    last = Page(scan=label, number=len(responses) + 1, is_last=True)
    run.answer(call, code="OK" if is_over else "CANCELLED", page=last)
    return call


def subscribed(run: Staged, label: str, *parts: Sequence[LogEvent], **fields: Any) -> Call:
    """A subscription told of these, and then broken off."""
    responses = [
        eventlog.SubscribeResponse(
            events=[told(event) for event in part], position=part[-1].position, head=run.log.head
        )
        for part in parts
    ]
    return streamed(run, label, "Subscribe", *responses, is_over=False, **fields)


def watched(run: Staged, label: str, *ids: str, since: int = 0, **fields: Any) -> Call:
    """A watch of orders told of these as they are now, and then broken off."""
    documents = run.side("orders").documents
    rows = [OrderSummary.FromString(documents["order_summary", id_].message) for id_ in ids]
    response = WatchOrdersResponse(orders=rows, caught_up=True)
    call = streamed(run, label, "WatchOrders", response, is_over=False, **fields)
    if since:
        call.token = Point(epoch=EPOCH, position=since)
    through = Point(epoch=EPOCH, position=run.log.head)
    [first, last] = call.answers
    call.answers = [replace(first, freshness=run.freshness(), changes_through=through, rows=ids), last]
    return call
