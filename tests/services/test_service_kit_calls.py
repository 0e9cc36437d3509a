"""The guard around calls, over a real port."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from diptych.orders.v1 import order_command_service_pb2 as orders_pb2
from prometheus_client import CollectorRegistry

from service_kit.context import CallContext
from service_kit.errors import ErrorTable, ServiceError
from service_kit.last_response import Last
from tests.services.kit_service import (
    SERVICE_NAME,
    Weaving,
    all_of,
    answer,
    duplex,
    refusal_of,
    serving,
    stream,
    unary,
    valid_request,
)

pytestmark = pytest.mark.usefixtures("engine")


async def test_each_shape_of_call_reaches_the_snake_case_method() -> None:
    async with serving(Weaving()) as (_, channel):
        assert (await unary(channel)(valid_request("1"))).order_id == "1"
        assert [each.order_id for each in await all_of(stream(channel)(valid_request("2")))] == ["2"]
        requests = [valid_request("3"), valid_request("4")]
        assert [each.order_id for each in await all_of(duplex(channel)(iter(requests)))] == ["3", "4"]


async def test_no_event_is_lost_where_many_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service_kit.core_events._MOST_EVENTS", 2)
    async with serving(Weaving()) as (_, channel):
        answers = await asyncio.gather(*[unary(channel)(valid_request(str(number))) for number in range(200)])
    assert [each.order_id for each in answers] == [str(number) for number in range(200)]


async def test_a_response_may_be_ready_bytes() -> None:
    async def weave(request: Any, _context: CallContext) -> bytes:
        return answer(request).SerializeToString()

    async with serving(Weaving(weave=weave)) as (_, channel):
        assert (await unary(channel)(valid_request("7"))).order_id == "7"


@pytest.mark.parametrize("size", [1, 50_000])
async def test_several_responses_given_at_once_arrive_each_and_in_order(size: int) -> None:
    ids = [f"{number}-{'x' * size}" for number in range(40)]

    async def spin(_request: Any, _context: CallContext) -> AsyncIterator[Any]:
        for first in (0, 20):
            yield [
                orders_pb2.PlaceOrderResponse(order_id=each).SerializeToString()
                for each in ids[first : first + 20]
            ]

    async with serving(Weaving(spin=spin)) as (_, channel):
        assert [each.order_id for each in await all_of(stream(channel)(valid_request()))] == ids


async def test_responses_given_at_once_leave_before_the_next_ones_are_there() -> None:
    more = asyncio.Event()

    async def spin(_request: Any, _context: CallContext) -> AsyncIterator[Any]:
        yield [orders_pb2.PlaceOrderResponse(order_id=each).SerializeToString() for each in "12"]
        await more.wait()

    async with serving(Weaving(spin=spin)) as (_, channel):
        call = stream(channel)(valid_request())
        assert [(await call.read()).order_id for _ in range(2)] == ["1", "2"]
        more.set()
        assert await call.read() is grpc.aio.EOF


@pytest.mark.parametrize("ids", [["1"], ["1", "2", "3"], ["x" * 100_000, "y" * 100_000]])
async def test_a_response_that_is_named_the_last_arrives_behind_the_others(
    ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    async def spin(_request: Any, _context: CallContext) -> AsyncIterator[Any]:
        *others, last = [orders_pb2.PlaceOrderResponse(order_id=each).SerializeToString() for each in ids]
        for other in others:
            yield other
        yield Last(last)

    async with serving(Weaving(spin=spin)) as (_, channel):
        assert [each.order_id for each in await all_of(stream(channel)(valid_request()))] == ids
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [each["items_sent"] for each in lines if each["event"] == "call"] == [len(ids)]


async def test_a_stream_that_fails_behind_its_last_response_is_refused() -> None:
    async def spin(_request: Any, _context: CallContext) -> AsyncIterator[Any]:
        yield Last(b"")
        raise ServiceError(grpc.StatusCode.FAILED_PRECONDITION, "TORN", "the thread is torn")

    async with serving(Weaving(spin=spin)) as (_, channel):
        assert (await refusal_of(all_of(stream(channel)(valid_request())))).info.reason == "TORN"


async def test_a_broken_rule_names_its_field_by_path() -> None:
    request = valid_request()
    request.items.add(sku="a\0b", quantity=0)
    request.customer_id = ""
    async with serving(Weaving()) as (_, channel):
        for call in (unary(channel)(request), all_of(stream(channel)(request))):
            refused = await refusal_of(call)
            assert (refused.code, refused.info.reason) == (
                grpc.StatusCode.INVALID_ARGUMENT,
                "INVALID_REQUEST",
            )
            assert {"items[1].sku", "items[1].quantity", "customer_id"} <= set(refused.fields)


async def test_bytes_that_are_no_message_are_the_callers_fault() -> None:
    async with serving(Weaving()) as (_, channel):
        for call in (
            unary(channel, raw=True)(b"\xff\xff\xff"),
            all_of(stream(channel, raw=True)(b"\x0a\x7f")),
            all_of(duplex(channel, raw=True)(iter([b"\x07"]))),
        ):
            refused = await refusal_of(call)
            assert (refused.code, refused.info.reason) == (
                grpc.StatusCode.INVALID_ARGUMENT,
                "INVALID_REQUEST",
            )


@pytest.mark.parametrize("refuses", [True, False])
async def test_unknown_fields_are_refused_where_the_service_asks_for_it(refuses: bool) -> None:
    request = valid_request()
    item = request.items.add(sku="cup", quantity=1)
    item.MergeFromString(b"\xf8\x3f\x01")
    async with serving(Weaving(), refuses_unknown_fields=refuses) as (_, channel):
        if not refuses:
            assert (await unary(channel)(request)).order_id == "42"
            return
        refused = await refusal_of(unary(channel)(request))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_FIELD")
        assert refused.fields == ["items[1].1023"]


async def test_a_table_row_decides_how_an_exception_looks() -> None:
    class OrderLost(KeyError):
        pass

    async def weave(_request: Any, _context: CallContext) -> Any:
        raise OrderLost("order-42")

    def lost(error: KeyError) -> ServiceError:
        return ServiceError(grpc.StatusCode.NOT_FOUND, "ORDER_LOST", f"lost: {error.args[0]}")

    async with serving(Weaving(weave=weave), errors=ErrorTable({KeyError: lost})) as (_, channel):
        refused = await refusal_of(unary(channel)(valid_request()))
        assert (refused.code, refused.info.reason, refused.message) == (
            grpc.StatusCode.NOT_FOUND,
            "ORDER_LOST",
            "lost: order-42",
        )
        assert (refused.info.domain, refused.status.message) == ("diptych", "lost: order-42")


async def test_a_defect_shows_nothing_but_the_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    async def weave(_request: Any, _context: CallContext) -> Any:
        raise RuntimeError("password=hunter2")

    async def spin(request: Any, context: CallContext) -> AsyncIterator[Any]:
        yield answer(request)
        await weave(request, context)

    async with serving(Weaving(weave=weave, spin=spin)) as (_, channel):
        metadata = (("x-request-id", "req-7"),)
        for call in (
            unary(channel)(valid_request(), metadata=metadata),
            all_of(stream(channel)(valid_request(), metadata=metadata)),
        ):
            refused = await refusal_of(call)
            assert (refused.code, refused.message) == (grpc.StatusCode.INTERNAL, "internal error")
            assert (refused.info.reason, refused.info.metadata["request_id"]) == ("INTERNAL", "req-7")
            assert "hunter2" not in str(refused.trailers)
    lines = capsys.readouterr().err
    assert "hunter2" not in lines
    assert '"error": "builtins.RuntimeError"' in lines


async def test_an_inner_cancellation_is_a_defect_and_not_a_silent_wait() -> None:
    async def weave(_request: Any, _context: CallContext) -> Any:
        raise asyncio.CancelledError

    async with serving(Weaving(weave=weave)) as (_, channel):
        refused = await refusal_of(unary(channel)(valid_request(), timeout=20))
        assert refused.code is grpc.StatusCode.INTERNAL


async def test_without_the_guard_an_inner_cancellation_leaves_the_caller_waiting() -> None:
    async def weave(_content: bytes, _call: Any) -> bytes:
        raise asyncio.CancelledError

    server = grpc.aio.server()
    handlers: dict[str, Any] = {"Weave": grpc.unary_unary_rpc_method_handler(weave)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE_NAME, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        refused = await refusal_of(unary(channel)(valid_request(), timeout=0.3))
    await server.stop(0)
    assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_method_that_checks_itself_can_answer_a_bad_item_beside_its_neighbours() -> None:
    async def mend(requests: Any, context: CallContext) -> AsyncIterator[Any]:
        async for request in requests:
            try:
                context.check(request)
                yield answer(request)
            except ServiceError as error:
                yield orders_pb2.PlaceOrderResponse(order_id=f"refused {context.status_of(error).code}")

    bad = valid_request()
    bad.ClearField("customer_id")
    requests = [valid_request("1"), bad, valid_request("3")]
    async with serving(Weaving(mend=mend), checks_itself=frozenset({"Mend"})) as (_, channel):
        answers = await all_of(duplex(channel)(iter(requests)))
        assert [each.order_id for each in answers] == ["1", "refused 3", "3"]
    async with serving(Weaving(mend=mend)) as (_, channel):
        # The bad one last: grpc.aio's client says INTERNAL of a call that ends while it writes (grpc#36066).
        refused = await refusal_of(all_of(duplex(channel)(iter(requests[:2]))))
        assert refused.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_callers_request_id_comes_back_and_a_malformed_one_is_replaced() -> None:
    seen: list[str] = []

    async def weave(request: Any, context: CallContext) -> Any:
        seen.append(context.request_id)
        return answer(request)

    async with serving(Weaving(weave=weave)) as (_, channel):
        call = unary(channel)(valid_request(), metadata=(("x-request-id", "req-1"),))
        assert dict(await call.trailing_metadata())["x-request-id"] == "req-1"
        await unary(channel)(valid_request(), metadata=(("x-request-id", 'a"b c'),))
    assert seen[0] == "req-1"
    assert len(seen[1]) == 32


async def test_every_call_leaves_a_json_line_without_content_and_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    registry = CollectorRegistry()
    async with serving(Weaving(), registry=registry) as (_, channel):
        await unary(channel)(valid_request("secret-order"))
        await refusal_of(unary(channel, raw=True)(b"\xff"))
    text = capsys.readouterr().err
    calls = [line for line in map(json.loads, text.splitlines()) if line["event"] == "call"]
    assert [(each["code"], each["reason"]) for each in calls] == [
        ("OK", ""),
        ("INVALID_ARGUMENT", "INVALID_REQUEST"),
    ]
    assert calls[0]["method"] == f"{SERVICE_NAME}/Weave"
    assert "secret-order" not in text
    labels = {"method": f"{SERVICE_NAME}/Weave", "code": "OK"}
    assert registry.get_sample_value("rpc_server_calls_total", labels) == 1
    del labels["code"]
    assert registry.get_sample_value("rpc_server_call_seconds_count", labels) == 2
