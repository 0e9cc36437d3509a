"""Families while the store is away or not filled, and requests of every kind."""

import random

import grpc
import pytest
from diptych.families.v1 import family_query_service_pb2 as queries
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped] # ships no types
from grpc_health.v1.health_pb2_grpc import HealthStub  # type: ignore[import-untyped] # as above

from tests import family_events as say
from tests.family_histories import History
from tests.services.family_read_models import family_models, family_service, next_family_tokens
from tests.services.fuzz_calls import fuzz_service
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import pages_of, read_channel, read_models
from tests.valkey_server import TestValkey
from tests.waiting import eventually

SERVICE = queries.DESCRIPTOR.services_by_name["FamilyQueryService"]
ONE = queries.GetFamilyRequest(family_id="smith")
EVERY_QUERY: list[Message] = [
    ONE,
    queries.GetTuitionAccountRequest(family_id="smith"),
    queries.GetFamiliesByRiskTierRequest(),
    queries.GetEnrollmentReportRequest(),
    queries.GetPaymentAnalyticsRequest(),
    queries.SearchFamiliesRequest(term="a"),
]
EVERY_STREAM: list[Message] = [
    queries.ListFamiliesRequest(),
    queries.ListAtRiskFamiliesRequest(),
    queries.WatchFamilyRequest(family_id="smith"),
    queries.WatchAtRiskFamiliesRequest(),
    queries.WatchFamiliesByRiskTierRequest(),
    queries.WatchPaymentAnalyticsRequest(),
]


def test_every_rpc_is_asked_here() -> None:
    asked = {each.DESCRIPTOR.name.removesuffix("Request") for each in (*EVERY_QUERY, *EVERY_STREAM)}
    assert asked == {method.name for method in SERVICE.methods}


async def _reasons(stub: object) -> set[tuple[grpc.StatusCode, str]]:
    """Code and reason of every RPC's refusal."""
    reasons = set()
    for request in (*EVERY_QUERY, *EVERY_STREAM):
        if request in EVERY_STREAM:
            refused = await refusal_of(pages_of(stub, request))
        else:
            rpc = getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))
            refused = await refusal_of(rpc(request, timeout=10))
        assert refused.retry_seconds > 0
        reasons.add((refused.code, str(refused.info.reason)))
    return reasons


async def test_without_a_store_every_query_is_unavailable_and_recovers(own_valkey: TestValkey) -> None:
    async with family_models(own_valkey) as models, family_service(own_valkey) as stub:
        await models.write(say.enrolled())
        await stub.GetFamily(ONE)
        own_valkey.server.kill()
        assert await _reasons(stub) == {(grpc.StatusCode.UNAVAILABLE, "READ_STORE_UNAVAILABLE")}
        own_valkey.server.start()

        async def is_answered() -> bool:
            try:
                await stub.GetFamily(ONE)
            except grpc.aio.AioRpcError:
                return False
            return True

        await eventually(is_answered)


async def test_families_that_were_never_filled_are_said_so(own_valkey: TestValkey) -> None:
    async with read_models(own_valkey), family_service(own_valkey) as stub:
        assert await _reasons(stub) == {(grpc.StatusCode.UNAVAILABLE, "PROJECTION_BEHIND")}


async def test_nothing_is_told_missing_while_a_read_model_is_being_filled(own_valkey: TestValkey) -> None:
    async with family_models(own_valkey) as models, family_service(own_valkey) as stub:
        models.append(say.enrolled("other"), say.enrolled())
        await models.step()
        for request in (EVERY_QUERY[0], EVERY_QUERY[1]):
            rpc = getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))
            assert (await refusal_of(rpc(request))).info.reason == "PROJECTION_BEHIND"
        await models.catch_up()
        await stub.GetFamily(ONE)


@pytest.mark.parametrize("is_of_families", [True, False])
async def test_each_domain_is_ready_when_its_own_read_models_are(
    own_valkey: TestValkey, is_of_families: bool
) -> None:
    expected = {
        "diptych.families.v1.FamilyQueryService": is_of_families,
        "diptych.orders.v1.OrderQueryService": not is_of_families,
    }
    started = family_models if is_of_families else read_models
    async with started(own_valkey), read_channel(own_valkey) as channel:

        async def is_as_expected() -> bool:
            found = {}
            for name in expected:
                answer = await HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name))
                found[name] = answer.status == health_pb2.HealthCheckResponse.SERVING
            return found == expected

        await eventually(is_as_expected)


async def test_every_request_is_answered_as_declared(valkey: TestValkey) -> None:
    history = History(random.Random(3), most_families=20)  # noqa: S311 - a test's dice
    async with family_models(valkey) as models, read_channel(valkey, heartbeat_seconds=0.05) as channel:
        models.append(*history.tuition(300))
        await models.catch_up()
        known = {
            "family_id": list(history.families),
            "term": ["a", "smith", "zoe"],
            "page_token": ["", *await next_family_tokens(channel)],
            "token": [models.token(1), models.token(models.position), models.token(10**6)],
        }
        report = await fuzz_service(
            channel, SERVICE, requests_per_method=80, known=known, timeout_seconds=1.0
        )
    assert report.defects == []
    assert {"OK", "INVALID_ARGUMENT"} <= {code for _, code in report.answers}, report.answers
