"""A command sent more than once: one effect and equal answers, whatever its type and however it is sent."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.end_to_end.domains import DOMAINS, ORDERS, Domain
from tests.end_to_end.every_command import Command
from tests.end_to_end.shop import Shop, channel_to, head_of, new_id, recorded_after
from tests.services.holding_proxy import HoldingProxy, holding_proxy
from tests.services.kit_service import refusal_of
from tests.services.write_services import Caller, a_context, place, receive, without_replayed
from tests.waiting import eventually

_DEADLINE_SECONDS = 60
_EACH_DOMAIN = pytest.mark.parametrize("domain", DOMAINS, ids=[domain.name for domain in DOMAINS])

Repeat = Callable[[Any], Any]


def _same(request: Any) -> Any:
    return request


def _with_another_id(request: Any) -> Any:
    """The sabotaged repeat: the client makes a new command id for each send."""
    copy = type(request)()
    copy.CopyFrom(request)
    copy.context.CopyFrom(a_context())
    return copy


async def _send(caller: Caller, rpc: str, request: Any, domain: Domain = ORDERS) -> Any:
    return await domain.send(caller, rpc, request, _DEADLINE_SECONDS)


async def _send_all_at_once(
    shop: Shop, rpc: str, request: Any, repeat: Repeat = _same, domain: Domain = ORDERS
) -> list[Any]:
    """The same command twice to each of two write services, and once in a batch to each."""
    callers = [shop.write, shop.second_write] * 2
    alone = [_send(caller, rpc, repeat(request), domain) for caller in callers]
    batched = [
        domain.send_in_batch(caller, rpc, repeat(request), _DEADLINE_SECONDS) for caller in callers[:2]
    ]
    return list(await asyncio.gather(*alone, *batched))


def _effects(events: Iterable[Any]) -> Counter[str]:
    """How often each kind of event happened."""
    return Counter(event.type.rpartition(".")[2] for event in events)


async def _effects_of_sending_once(shop: Shop, domain: Domain) -> Counter[str]:
    before = await head_of(shop.write)
    for rpc, request in domain.every_command():
        await _send(shop.write, rpc, request, domain)
    return _effects(await recorded_after(shop.write, before))


def _check_equal(answers: list[Any], *, first_times: int) -> None:
    bodies = {without_replayed(answer).SerializeToString(deterministic=True) for answer in answers}
    assert len(bodies) == 1
    assert sum(not answer.receipt.replayed for answer in answers) == first_times


@_EACH_DOMAIN
async def test_every_command_sent_six_times_at_once_has_one_effect_and_equal_answers(
    shop: Shop, domain: Domain
) -> None:
    expected = await _effects_of_sending_once(shop, domain)
    before, sent = await head_of(shop.write), list[Command]()
    for rpc, request in domain.every_command():
        answers = await _send_all_at_once(shop, rpc, request, domain=domain)
        _check_equal(answers, first_times=1)
        sent.append((rpc, request))
    assert {rpc for rpc, _ in sent} == domain.command_names
    events = await recorded_after(shop.write, before)
    assert {event.command_id for event in events} == {request.context.command_id for _, request in sent}
    assert _effects(events) == expected
    # Much later, and after the rules would refuse most of them.
    for rpc, request in sent:
        answers = [await _send(caller, rpc, request, domain) for caller in (shop.write, shop.second_write)]
        _check_equal(answers, first_times=0)
    assert await head_of(shop.write) == before + len(events)


@pytest.mark.parametrize("repeat", [_same, _with_another_id])
async def test_only_the_command_id_tells_a_repeat_from_a_second_delivery(shop: Shop, repeat: Repeat) -> None:
    sku = new_id("sku")
    await shop.write.product(sku)
    before = await head_of(shop.write)
    answers = await _send_all_at_once(shop, "ReceiveStock", receive(sku), repeat)
    events = await recorded_after(shop.write, before)
    is_once = repeat is _same
    assert (_effects(events) == {"StockReceived": 1}) is is_once
    assert (sum(not answer.receipt.replayed for answer in answers) == 1) is is_once


@asynccontextmanager
async def _behind_a_proxy(address: str) -> AsyncIterator[tuple[HoldingProxy, Caller]]:
    async with holding_proxy(address) as proxy, channel_to(proxy.address) as channel:
        yield proxy, Caller(channel, proxy.address)


@_EACH_DOMAIN
async def test_every_command_whose_connection_is_cut_before_the_answer_is_answered_again(
    shop: Shop, domain: Domain
) -> None:
    expected = await _effects_of_sending_once(shop, domain)
    before = await head_of(shop.write)
    for rpc, request in domain.every_command():
        await _lose_the_answer(shop, rpc, request, domain)
        answers = [await _send(caller, rpc, request, domain) for caller in (shop.second_write, shop.write)]
        _check_equal(answers, first_times=0)
    assert _effects(await recorded_after(shop.write, before)) == expected


async def _lose_the_answer(shop: Shop, rpc: str, request: Any, domain: Domain) -> None:
    """Send a command, and cut the connection when it is in the log and before its answer is let through."""
    before = await head_of(shop.write)
    async with _behind_a_proxy(shop.write.channel_address) as (proxy, caller):
        await caller.channel.channel_ready()
        proxy.hold_answers()
        lost = asyncio.ensure_future(_send(caller, rpc, request, domain))

        async def is_recorded() -> bool:
            return await head_of(shop.write) > before

        await eventually(is_recorded)
        proxy.cut()
        refused = await refusal_of(lost)
    assert refused.code is grpc.StatusCode.UNAVAILABLE


async def test_a_command_whose_time_is_over_took_effect_whole_or_not_at_all_and_its_id_tells_which(
    shop: Shop,
) -> None:
    customer, sku = new_id("customer"), new_id("sku")
    await shop.write.customer(customer)
    await shop.write.product(sku, 10_000)
    before = await head_of(shop.write)
    requests = {each.context.command_id: each for each in (place(customer, {sku: 1}) for _ in range(150))}
    # From less than any command needs to more than most need.
    sends = [
        _hurried(shop.write, request, 0.002 * (number % 30 + 1))
        for number, request in enumerate(requests.values())
    ]
    answers = await asyncio.gather(*sends)
    assert None in answers, "no command's time was over"
    for request, answer in zip(requests.values(), answers, strict=True):
        again = await _send(shop.second_write, "PlaceOrder", request)
        if answer is not None:
            _check_equal([again, answer], first_times=1)
    types: dict[str, list[str]] = {}
    for event in await recorded_after(shop.write, before):
        types.setdefault(event.command_id, []).append(event.type.rpartition(".")[2])
    assert types == {key: ["OrderPlaced", "StockReserved"] for key in requests}


async def _hurried(caller: Caller, request: Any, timeout_seconds: float) -> Any:
    """The answer, or None when the time was over."""
    try:
        return await caller.orders.PlaceOrder(request, timeout=timeout_seconds)
    except grpc.aio.AioRpcError as error:
        # Aborted where others were quicker and no time was left to try again.
        if error.code() not in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED):
            raise
        return None


@pytest.mark.parametrize("answers_before", [1, 20, 50, 100])
async def test_a_batch_that_is_cut_in_the_middle_can_be_sent_again_whole(
    shop: Shop, answers_before: int
) -> None:
    sku = new_id("sku")
    await shop.write.product(sku)
    requests = [receive(sku, number + 1) for number in range(200)]
    before, first = await head_of(shop.write), dict[str, Any]()
    async with _behind_a_proxy(shop.write.channel_address) as (proxy, caller):
        with pytest.raises(grpc.aio.AioRpcError):
            await _read_batch(caller, requests, first, cut_after=answers_before, proxy=proxy)
    assert answers_before <= len(first) < len(requests)
    again = [
        each
        async for each in shop.second_write.orders.ExecuteBatch(_batch(requests), timeout=_DEADLINE_SECONDS)
    ]
    assert [each.command_id for each in again] == [request.context.command_id for request in requests]
    answers = {each.command_id: each.receive_stock for each in again}
    for command_id, answer in first.items():
        _check_equal([answer, answers[command_id]], first_times=1)
    events = await recorded_after(shop.write, before)
    assert len(events) == len({event.command_id for event in events}) == len(requests)


async def _read_batch(
    caller: Caller, requests: list[Any], answers: dict[str, Any], *, cut_after: int, proxy: HoldingProxy
) -> None:
    call = caller.orders.ExecuteBatch(_cut_short(requests[: cut_after + 50]), timeout=_DEADLINE_SECONDS)
    async for answer in call:
        answers[answer.command_id] = answer.receive_stock
        if len(answers) == cut_after:
            proxy.cut()


async def _cut_short(requests: list[Any]) -> AsyncIterator[commands.ExecuteBatchRequest]:
    """The last of these are on their way when the others are answered; the rest of the batch never is."""
    for each in _batch(requests):
        yield each
    await asyncio.Event().wait()


def _batch(requests: Iterable[Any]) -> Iterable[commands.ExecuteBatchRequest]:
    return (commands.ExecuteBatchRequest(receive_stock=request) for request in requests)
