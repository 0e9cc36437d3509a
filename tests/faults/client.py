"""One client of a load: it sends, sends again with the same id, reads with its token, and notes all of it."""

import asyncio
import base64
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from google.protobuf.message import Message

from service_kit.consistency_token import open_point
from tests.faults.history import History, Kind
from tests.faults.queries import Query, Scan
from tests.faults.questions import Question
from tests.faults.refusals import CERTAIN, said
from tests.faults.traffic import Command, Scene

MOST_PAUSE_SECONDS = 0.3
_RESUMPTIONS = 8
_DEADLINE_SECONDS = 6.0
# On a machine that is busy with other things; whatever takes longer than that is stuck.
_PATIENT_SECONDS = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The stubs of one address each, by the name of their service (orders, families)."""

    writes: tuple[dict[str, Any], ...]
    reads: tuple[dict[str, Any], ...]


@dataclass(slots=True, kw_only=True)
class _Walk:
    """A list on its way: what is asked for next, and how many pages were seen."""

    scan: Scan
    request: Any
    name: str
    token: dict[str, Any] | None = None
    pages: int = 0
    is_over: bool = False

    def next_page(self, *, is_last: bool = False) -> dict[str, Any]:
        """The page that comes next, from 1; a list may go on in another call."""
        return {"scan": self.name, "n": self.pages + 1, "last": is_last}


class Client:
    """Does one thing after the other; after a call of unknown outcome it goes by another name."""

    def __init__(
        self,
        name: str,
        *,
        services: Services,
        scene: Scene,
        history: History,
        token_key: bytes,
        chance: random.Random,
    ) -> None:
        self._name = name
        self._lives = 0
        self._services = services
        self._scene = scene
        self._history = history
        self._token_key = token_key
        self._chance = chance
        self._tokens: dict[str, ConsistencyToken] = {}
        self._positions: dict[str, tuple[str, int]] = {}

    @property
    def name(self) -> str:
        return f"{self._name}.{self._lives}"

    async def command(self, command: Command, *, tries: int) -> bool:
        """Send a command until its outcome is certain, at most so often; whether it is."""
        for attempt in range(tries):
            if attempt:
                await asyncio.sleep(self._chance.uniform(0.02, MOST_PAUSE_SECONDS))
            kind = await self._send(command)
            if kind != "info":
                return True
        return False

    async def query(self, query: Query, *, fully: bool = False) -> None:
        """Ask for an entity, as new as what this client has seen."""
        entity = {"view": query.view, "id": query.id, "version": None}
        answer = await self._read(query, fully=fully, stream=query.stream, entity=entity)
        if answer is not None:
            number, token, response = answer
            shown = {**entity, "version": getattr(response, query.field).version}
            self._completed_read(number, query, token, response, entity=shown)

    async def ask(self, question: Question) -> None:
        """Ask for a report or a search, as new as what this client has seen."""
        answer = await self._read(question)
        if answer is not None:
            number, token, response = answer
            self._completed_read(number, question, token, response)

    async def _read(
        self, query: Query | Question, *, fully: bool = False, **about: Any
    ) -> tuple[int, dict[str, Any] | None, Any] | None:
        """The number of the call, the token that it went with, and the answer if there is one."""
        request = type(query.request)()
        request.CopyFrom(query.request)
        token = self._ask_for_freshness(request, query.service, fully=fully)
        number = self._invoked(query.rpc, request, token_in=token, **about)
        stub = self._chance.choice(self._services.reads)[query.service]
        try:
            return number, token, await getattr(stub, query.rpc)(request, timeout=self._deadline_seconds())
        except grpc.aio.AioRpcError as error:
            self._failed_read(number, query.rpc, error, token_in=token)
            return None

    def _completed_read(
        self, number: int, query: Query | Question, token: dict[str, Any] | None, response: Any, **about: Any
    ) -> None:
        self._history.complete(
            number,
            "ok",
            self.name,
            query.rpc,
            token_in=token,
            freshness=self._seen(query.service, response.freshness),
            response=base64_of(response),
            code="OK",
            **about,
        )

    async def scan(self, scan: Scan) -> None:
        """Walk a list to its end; a broken stream is resumed with its last token, on any read service."""
        request = type(scan.request)()
        request.CopyFrom(scan.request)
        walk = _Walk(scan=scan, request=request, name=f"{self.name}/{self._chance.getrandbits(32):08x}")
        for _ in range(_RESUMPTIONS):
            walk.token = None if request.page_token else self._ask_for_freshness(request, scan.service)
            number = self._invoked(scan.rpc, request, token_in=walk.token, page=walk.next_page())
            try:
                await self._pages(walk, number)
            except grpc.aio.AioRpcError as error:
                if walk.is_over:
                    return
                self._failed_read(number, scan.rpc, error, token_in=walk.token)
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    return
            else:
                return
            await asyncio.sleep(self._chance.uniform(0.05, MOST_PAUSE_SECONDS))

    async def _pages(self, walk: "_Walk", number: int) -> None:
        scan = walk.scan
        stub = self._chance.choice(self._services.reads)[scan.service]
        async for page in getattr(stub, scan.rpc)(walk.request, timeout=self._deadline_seconds() * 3):
            self._history.complete(
                number,
                "ok",
                self.name,
                scan.rpc,
                token_in=walk.token,
                freshness=self._seen(scan.service, page.freshness),
                rows=[getattr(row, scan.key) for row in getattr(page, scan.rows)],
                response=base64_of(page),
                page=walk.next_page(is_last=not page.next_page_token),
                code="OK",
            )
            walk.pages += 1
            walk.request.page_token = page.next_page_token
            walk.is_over = not page.next_page_token

    async def _send(self, command: Command) -> Kind:
        request, about = command.request, command.about
        number = self._invoked(command.rpc, request, **about)
        stub = self._chance.choice(self._services.writes)[command.service]
        try:
            answer = await getattr(stub, command.rpc)(request, timeout=self._deadline_seconds())
        except grpc.aio.AioRpcError as error:
            return self._failed(number, command.rpc, error, **about)
        receipt = self._receipt(command.service, answer)
        self._scene.saw(command.stream, answer.receipt.version)
        self._history.complete(
            number,
            "ok",
            self.name,
            command.rpc,
            **about,
            receipt=receipt,
            response=base64_of(answer),
            code="OK",
        )
        return "ok"

    def _invoked(self, method: str, request: Message, **about: Any) -> int:
        return self._history.invoke(self.name, method, request=base64_of(request), **about)

    def _failed(self, number: int, method: str, error: grpc.aio.AioRpcError, **about: Any) -> Kind:
        kind: Kind = "fail" if error.code().name in CERTAIN else "info"
        self._history.complete(number, kind, self.name, method, **about, **said(error))
        if kind == "info":
            self._lives += 1
        return kind

    def _failed_read(self, number: int, method: str, error: grpc.aio.AioRpcError, **about: Any) -> None:
        """Whatever became of a read, it changes nothing later."""
        self._history.complete(number, "fail", self.name, method, **about, **said(error))

    def _receipt(self, service: str, answer: Any) -> dict[str, Any]:
        receipt = answer.receipt
        point = self._remember(service, receipt.token)
        return {
            "stream": receipt.stream,
            "version": receipt.version,
            "position": receipt.position,
            "epoch": point["epoch"],
            "recorded_at": receipt.recorded_at.ToNanoseconds() // 1000,
            "replayed": receipt.replayed,
        }

    def _seen(self, service: str, freshness: Any) -> dict[str, Any]:
        point = self._remember(service, freshness.token)
        return {
            "epoch": point["epoch"],
            "position": freshness.position,
            "generation": freshness.generation,
            "as_of": freshness.as_of.ToNanoseconds() // 1000 if freshness.HasField("as_of") else None,
            "lag": freshness.lag.ToTimedelta().total_seconds(),
            "stale": freshness.stale,
        }

    def _remember(self, service: str, token: ConsistencyToken) -> dict[str, Any]:
        """Keep the token if it is the newest of its projection; both domains' events are in one log."""
        point = self._opened(token)
        known = self._positions.get(service)
        if known is None or known[0] != point["epoch"] or known[1] <= point["position"]:
            self._tokens[service], self._positions[service] = token, (point["epoch"], point["position"])
        return point

    def _ask_for_freshness(self, request: Any, service: str, *, fully: bool = False) -> dict[str, Any] | None:
        request.consistency.Clear()
        seconds = _PATIENT_SECONDS if self._scene.is_patient else self._chance.choice((1.0, 5.0, 20.0))
        request.consistency.max_wait.FromTimedelta(timedelta(seconds=seconds))
        if fully:
            request.consistency.fully_consistent = True
            return None
        token = self._tokens.get(service)
        if token is None or self._chance.random() < 0.15:
            return None
        request.consistency.CopyFrom(
            Consistency(at_least_as_fresh=token, max_wait=request.consistency.max_wait)
        )
        return self._opened(token)

    def _opened(self, token: ConsistencyToken) -> dict[str, Any]:
        point = open_point(token.token, self._token_key)
        return {
            "epoch": str(point.epoch),
            "position": point.position,
            "stream": point.stream,
            "version": point.version,
        }

    def _deadline_seconds(self) -> float:
        if self._scene.is_patient:
            return _PATIENT_SECONDS
        # Now and then less than a commit takes.
        return self._chance.uniform(0.002, 0.05) if self._chance.random() < 0.04 else _DEADLINE_SECONDS


def base64_of(message: Message) -> str:
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode("ascii")
