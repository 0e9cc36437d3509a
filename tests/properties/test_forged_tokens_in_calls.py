"""Forged tokens sent to every query that takes one, over real gRPC: the declared refusal and no other."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import grpc
from diptych.families.v1 import family_query_service_pb2 as families
from diptych.orders.v1 import order_query_service_pb2 as orders
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from tests import family_events
from tests.order_histories import History
from tests.properties.forged_tokens import OTHER_KEY, forgeries
from tests.properties.profile import FIRST_SEED, IS_NIGHTLY
from tests.properties.valid_messages import valid_message
from tests.services.family_read_models import family_models, next_family_tokens
from tests.services.kit_service import Refused
from tests.services.order_read_models import next_tokens, read_channel, read_models
from tests.valkey_server import TestValkey

_SERVICES = (
    orders.DESCRIPTOR.services_by_name["OrderQueryService"],
    families.DESCRIPTOR.services_by_name["FamilyQueryService"],
)
_FORGERIES_A_FIELD = 2_000 if IS_NIGHTLY else 100
_CALLS_AT_ONCE = 16
_DEADLINE_SECONDS = 20.0
_PAGE, _CONSISTENCY = "PAGE_TOKEN_INVALID", "CONSISTENCY_TOKEN_INVALID"


def _fields(rpc: MethodDescriptor) -> Iterator[tuple[str, str]]:
    """Each field of a request that takes a token, and how a forged one is refused."""
    for each in rpc.input_type.fields:
        if each.name == "page_token":
            yield each.name, _PAGE
        elif each.message_type is not None and each.message_type.name == "ConsistencyToken":
            yield f"{each.name}.token", _CONSISTENCY
        elif each.message_type is not None and each.message_type.name == "Consistency":
            yield f"{each.name}.at_least_as_fresh.token", _CONSISTENCY


async def _sound_request(channel: grpc.aio.Channel, rpc: MethodDescriptor, chance: random.Random) -> Any:
    """A request without tokens that is not refused for what it is; what it asks for need not exist."""
    for _ in range(100):
        request = valid_message(GetMessageClass(rpc.input_type), chance, {"term": ["a"]})
        for path, _ in _fields(rpc):
            request.ClearField(path.split(".")[0])
        if await _refusal(channel, rpc, request, grpc.StatusCode.NOT_FOUND) != "INVALID_REQUEST":
            return request
    raise AssertionError(f"no sound request of {rpc.full_name}")


def _with_token(request: Any, path: str, token: str) -> Any:
    copied = type(request)()
    copied.CopyFrom(request)
    *parents, name = path.split(".")
    holder = copied
    for parent in parents:
        holder = getattr(holder, parent)
    setattr(holder, name, token)
    return copied


async def _refusal(
    channel: grpc.aio.Channel, rpc: MethodDescriptor, request: Any, *others: grpc.StatusCode
) -> str:
    """The reason of the refusal, which is of the caller's making or has one of these other codes; or OK."""
    kind = channel.unary_stream if rpc.server_streaming else channel.unary_unary
    send: Any = kind(f"/{rpc.containing_service.full_name}/{rpc.name}")
    try:
        call = send(request.SerializeToString(), timeout=_DEADLINE_SECONDS)
        if rpc.server_streaming:
            await call.read()
            call.cancel()
        else:
            await call
    except grpc.aio.AioRpcError as error:
        refused = Refused(error)
        legal = (grpc.StatusCode.INVALID_ARGUMENT, *others)
        assert refused.code in legal, (rpc.full_name, refused.code, request)
        return str(refused.info.reason)
    return "OK"


async def test_every_query_refuses_every_forged_token_as_declared(valkey: TestValkey) -> None:
    chance = random.Random(FIRST_SEED)  # noqa: S311 - a test's dice
    async with (
        read_models(valkey) as of_orders,
        family_models(valkey) as of_families,
        read_channel(valkey) as channel,
    ):
        of_orders.append(*(event for events in _orders(chance) for event in events))
        of_families.append(*(family_events.enrolled(f"f{number}") for number in range(5)))
        await of_orders.catch_up()
        await of_families.catch_up()
        found = [*await next_tokens(channel), *await next_family_tokens(channel)]
        # One of the lists has no second page.
        pages = [token for token in found if token]
        points = [models.token(position) for models in (of_orders, of_families) for position in (1, 3)]
        made = forgeries([*pages, *points], chance)
        answers = await _try_all(channel, made, (pages, points), chance)
    assert set(answers) == {_PAGE, _CONSISTENCY, "INVALID_REQUEST"}, answers
    assert answers["INVALID_REQUEST"] < answers.total() / 4, "most are short enough to be looked at"
    assert answers.total() > 2_000


async def _try_all(
    channel: grpc.aio.Channel,
    made: Iterator[str],
    genuine: tuple[Sequence[str], Sequence[str]],
    chance: random.Random,
) -> Counter[str]:
    """How often each refusal came; that it is the one of the field is checked on the way."""
    answers, room = Counter[str](), asyncio.Semaphore(_CALLS_AT_ONCE)
    pages, points = genuine

    async def show(rpc: MethodDescriptor, request: Any, path: str, right: str) -> None:
        async with room:
            found = await _refusal(channel, rpc, request)
        # Longer than a token may be.
        is_long = found == "INVALID_REQUEST" and request.ByteSize() > 1024
        assert found == right or is_long, (rpc.full_name, path, request, found)
        answers[found] += 1

    shows = []
    for service in _SERVICES:
        for rpc in service.methods:
            sound = await _sound_request(channel, rpc, chance)
            for path, right in _fields(rpc):
                # Genuine ones of the other kind, and of whatever list this one is not.
                texts = [*points] if right == _PAGE else [*pages]
                texts += [text for _, text in zip(range(_FORGERIES_A_FIELD), made, strict=False)]
                own = points if right == _CONSISTENCY else pages
                sent = [_with_token(sound, path, text) for text in texts if _is_sent(text, own)]
                shows += [show(rpc, request, path, right) for request in sent]
    await asyncio.gather(*shows)
    return answers


def _is_sent(text: str, own: Sequence[str]) -> bool:
    """Not what is genuine here, nor what no protobuf text can hold, nor nothing, which asks for no page."""
    return bool(text) and text not in own and "\ud800" not in text


def _orders(chance: random.Random) -> Iterator[list[Any]]:
    history = History(chance)
    yield history.beginning()
    yield from history.place_many(12)


async def test_a_page_token_of_another_list_or_key_is_refused(valkey: TestValkey) -> None:
    chance = random.Random(1)  # noqa: S311 - a test's dice
    async with read_models(valkey) as models, read_channel(valkey) as channel:
        models.append(*(event for events in _orders(chance) for event in events))
        await models.catch_up()
        of_orders, of_search, of_products = await next_tokens(channel)
        methods = _SERVICES[0].methods_by_name
        wrong: Sequence[tuple[str, Any]] = (
            ("ListOrders", orders.ListOrdersRequest(page_token=of_search)),
            ("ListOrders", orders.ListOrdersRequest(page_token=of_orders, is_ascending=True)),
            ("SearchOrders", orders.SearchOrdersRequest(term="b", page_token=of_search)),
            ("SearchOrders", orders.SearchOrdersRequest(term="a", page_token=of_products)),
            ("ListProducts", orders.ListProductsRequest(page_token=of_orders)),
            ("ListCustomerOrders", orders.ListCustomerOrdersRequest(customer_id="bob", page_token=of_orders)),
        )
        for rpc, request in wrong:
            assert await _refusal(channel, methods[rpc], request) == _PAGE
        # Sabotaged: where nothing is wrong the same call is answered.
        right = orders.ListOrdersRequest(page_token=of_orders)
        assert await _refusal(channel, methods["ListOrders"], right) == "OK"
        async with read_channel(valkey, token_key=OTHER_KEY.hex()) as other:
            assert await _refusal(other, methods["ListOrders"], right) == _PAGE
