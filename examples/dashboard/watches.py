"""The three watches: each is followed for ever, and taken up again where it broke off."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1.family_query_service_pb2_grpc import FamilyQueryServiceStub

from board import Board, Connection

# A watch says every 15 seconds that it lives; one that is silent for longer has lost its network.
_SILENCE_SECONDS = 40.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
# With a token: it is of a log that was replaced, and the watch begins anew without it.
_REFUSED = frozenset({grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT})
# Asked again, it would be answered the same.
_HOPELESS = _REFUSED | {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.PERMISSION_DENIED}
_CHANNEL_OPTIONS = (("grpc.initial_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 2000))

Place = ConsistencyToken | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A server stream, what to do with its responses, and how to ask for it from a place on."""

    name: str
    call: Any
    request_from: Callable[[Place], Any]
    place_of: Callable[[Any], ConsistencyToken]
    take: Callable[[Any, float], None]
    forget: Callable[[], None] = lambda: None


def connect(address: str, tls_ca: Path | None = None) -> grpc.aio.Channel:
    """A connection to a read service that is made again soon after it was lost; with a CA's file over TLS."""
    if tls_ca is None:
        return grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS)
    credentials = grpc.ssl_channel_credentials(tls_ca.read_bytes())
    return grpc.aio.secure_channel(address, credentials, options=_CHANNEL_OPTIONS)


def watches_of(channel: grpc.aio.Channel, board: Board, consistency: Consistency) -> tuple[Watch, ...]:
    """What fills a board."""
    # Any: the generated stub is typed for synchronous channels too.
    stub: Any = FamilyQueryServiceStub(channel)

    def families_from(place: Place) -> queries.WatchAtRiskFamiliesRequest:
        # Only what changed since then is sent.
        return queries.WatchAtRiskFamiliesRequest(
            consistency=consistency, min_risk_score=board.min_risk_score, resume_from=place
        )

    def since(place: Place) -> Consistency:
        # These come whole; they must only not be older than what is shown already.
        return consistency if place is None else Consistency(at_least_as_fresh=place)

    return (
        Watch(
            name="families",
            call=stub.WatchAtRiskFamilies,
            request_from=families_from,
            place_of=lambda response: response.changes_through,
            take=board.take_families,
            forget=board.forget_families,
        ),
        Watch(
            name="tiers",
            call=stub.WatchFamiliesByRiskTier,
            request_from=lambda place: queries.WatchFamiliesByRiskTierRequest(consistency=since(place)),
            place_of=lambda response: response.freshness.token,
            take=board.take_tiers,
        ),
        Watch(
            name="payments",
            call=stub.WatchPaymentAnalytics,
            request_from=lambda place: queries.WatchPaymentAnalyticsRequest(consistency=since(place)),
            place_of=lambda response: response.freshness.token,
            take=board.take_months,
        ),
    )


async def follow(watch: Watch, board: Board) -> None:
    """Put what a watch says onto the board, over any number of breaks; raise what no repeat can mend."""
    connection = board.connections.setdefault(watch.name, Connection())
    place: Place = None
    while True:
        try:
            async with contextlib.aclosing(_responses(watch, place)) as responses:
                async for response in responses:
                    watch.take(response, time.monotonic())
                    place = watch.place_of(response)
                    connection.works(time.monotonic())
            reason = "the service ended the watch"
        except TimeoutError:
            reason = f"nothing heard for {_SILENCE_SECONDS:.0f} s"
        except grpc.aio.AioRpcError as error:
            if place is not None and error.code() in _REFUSED:
                place = None
                watch.forget()
            elif error.code() in _HOPELESS:
                raise
            reason = error.code().name
        connection.breaks(time.monotonic(), reason)
        board.news.set()
        pause_seconds = _FIRST_PAUSE_SECONDS * 2 ** min(connection.failures - 1, 10)
        await asyncio.sleep(min(pause_seconds, _LONGEST_PAUSE_SECONDS))


async def _responses(watch: Watch, place: Place) -> AsyncGenerator[Any, None]:
    call = watch.call(watch.request_from(place))
    try:
        while True:
            async with asyncio.timeout(_SILENCE_SECONDS):
                response = await call.read()
            if response is grpc.aio.EOF:
                return
            yield response
    finally:
        call.cancel()
