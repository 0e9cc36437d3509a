"""Clients that only look on: they follow the log, read it, watch the orders, and note all they are told."""

import asyncio
import base64
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from diptych.eventlog.v1 import event_log_service_pb2 as eventlog
from diptych.orders.v1 import order_query_service_pb2 as orders
from diptych.orders.v1.views_pb2 import OrderStatus

from service_kit.consistency_token import open_point
from tests.faults.history import History
from tests.faults.refusals import said
from tests.faults.traffic import Scene

# How long one call goes on at most; after it the next one goes on from there.
_LONGEST_SECONDS = 8.0
_PAUSE_SECONDS = 0.5
_READS_BETWEEN = 4
# All that is told is noted and checked, and a whole log is long.
_WHOLE_LOG_CHANCE = 0.05
_LONGEST_PART = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """`logs` and `watched` are stubs, one a process; `name` is the follower's own."""

    name: str
    logs: Sequence[Any]
    watched: Sequence[Any]
    scene: Scene
    history: History
    token_key: bytes
    chance: random.Random

    async def follow(self) -> None:
        """Subscribe to the log, over and over, each time from where the last call ended, until cancelled."""
        position = 0
        while True:
            request = eventlog.SubscribeRequest(after_position=position)
            for response in await self._told("Subscribe", self.logs, request):
                position = max(position, response.position)
            if self.chance.random() < 1 / _READS_BETWEEN:
                # Also after a restore, when the log may be shorter than what was seen of it.
                position = self.chance.randint(0, position)

    async def read(self) -> None:
        """Read the whole log, a part of it, or a stream, until cancelled."""
        head = 0
        while True:
            request, method = self._random_read(head)
            told = await self._told(method, self.logs, request)
            head = max([head, *(response.head for response in told if method == "ReadAll")])

    async def watch(self) -> None:
        """Watch the orders, over and over, each time from where the last call ended, until cancelled."""
        request = orders.WatchOrdersRequest()
        while True:
            responses = await self._told("WatchOrders", self.watched, request)
            if responses and self.chance.random() > 1 / _READS_BETWEEN:
                request.resume_from.CopyFrom(responses[-1].changes_through)
            else:
                request = orders.WatchOrdersRequest(status=self.chance.choice(OrderStatus.values()))

    def _random_read(self, head: int) -> tuple[Any, str]:
        if self.scene.orders and self.chance.random() < 0.6:
            stream = f"order-{self.chance.choice(self.scene.orders)}"
            return eventlog.ReadStreamRequest(stream=stream), "ReadStream"
        request = eventlog.ReadAllRequest()
        if self.chance.random() > _WHOLE_LOG_CHANCE:
            request.after_position = self.chance.randint(0, head)
            request.limit = self.chance.randint(1, _LONGEST_PART)
        if self.chance.random() < 0.5:
            request.filter.categories.append(self.chance.choice(("order", "family", "product")))
        return request, "ReadAll"

    async def _told(self, method: str, stubs: Sequence[Any], request: Any) -> list[Any]:
        """All answers of one call, which is broken off when it has gone on for long enough."""
        about: dict[str, Any] = {"request": _base64(request)}
        if method == "WatchOrders" and request.HasField("resume_from"):
            about["token_in"] = self._point(request.resume_from)
        number = self.history.invoke(self.name, method, **about)
        call = getattr(self.chance.choice(stubs), method)(request)
        told: list[Any] = []
        try:
            async with asyncio.timeout(self.chance.uniform(0, _LONGEST_SECONDS)):
                async for response in call:
                    told.append(response)
                    self._note(number, method, response, len(told))
            self._note_end(number, method, len(told) + 1, "OK")
        except grpc.aio.AioRpcError as error:
            self.history.complete(number, "fail", self.name, method, **said(error))
        except (TimeoutError, asyncio.CancelledError) as ended:
            call.cancel()
            self._note_end(number, method, len(told) + 1, "CANCELLED")
            if isinstance(ended, asyncio.CancelledError):
                raise
        # No wait for anything: how much a follower asks for.
        await asyncio.sleep(self.chance.uniform(0, _PAUSE_SECONDS))
        return told

    def _note(self, number: int, method: str, response: Any, nth: int) -> None:
        page = {"scan": f"{self.name}/{number}", "n": nth, "last": False}
        about: dict[str, Any] = {"code": "OK", "page": page, "response": _base64(response)}
        if hasattr(response, "freshness"):
            about["freshness"] = self._freshness(response.freshness)
            about["changes_through"] = self._point(response.changes_through)
            about["rows"] = [row.order_id for row in response.orders]
        self.history.complete(number, "ok", self.name, method, **about)

    def _note_end(self, number: int, method: str, nth: int, code: str) -> None:
        """An answer that says nothing; CANCELLED when it was us who had enough."""
        page = {"scan": f"{self.name}/{number}", "n": nth, "last": True}
        self.history.complete(number, "ok", self.name, method, code=code, page=page)

    def _freshness(self, freshness: Any) -> dict[str, Any]:
        return {
            "epoch": self._point(freshness.token)["epoch"],
            "position": freshness.position,
            "generation": freshness.generation,
            "as_of": freshness.as_of.ToNanoseconds() // 1000 if freshness.HasField("as_of") else None,
            "lag": freshness.lag.ToTimedelta().total_seconds(),
            "stale": freshness.stale,
        }

    def _point(self, token: Any) -> dict[str, Any]:
        point = open_point(token.token, self.token_key)
        return {"epoch": str(point.epoch), "position": point.position}


def _base64(message: Any) -> str:
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode("ascii")
