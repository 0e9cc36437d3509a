"""A client that does one thing at a time, and writes down all of it as the loads under faults do."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from google.protobuf.message import Message

from service_kit.consistency_token import open_point
from tests.faults.history import History
from tests.faults.queries import Query
from tests.faults.refusals import CERTAIN, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a call came to: ok, fail (no effect now or later) or info (nobody knows)."""

    kind: str
    answer: Any = None
    code: str = "OK"
    reason: str | None = None
    current_version: int | None = None


class RecordedClient:
    """Goes by another name after each call of unknown outcome."""

    def __init__(self, name: str, history: Path, token_key: bytes) -> None:
        self._name = name
        self._lives = 0
        self._history = History(history, "properties")
        self._token_key = token_key

    @property
    def name(self) -> str:
        return f"{self._name}.{self._lives}"

    def begin_anew(self, name: str) -> None:
        """Go on as somebody else, who knows nothing."""
        self._name, self._lives = name, 0

    def close(self) -> None:
        self._history.close()

    def command(self, stub: Any, rpc: str, request: Any, stream: str, seconds: float) -> Told:
        """Send a command once."""
        context = request.context
        about: dict[str, Any] = {
            "command_id": context.command_id,
            "stream": stream,
            "expected_version": context.expected_version if context.HasField("expected_version") else None,
        }
        number = self._history.invoke(self.name, rpc, request=_base64(request), **about)
        try:
            answer = getattr(stub, rpc)(request, timeout=seconds)
        except grpc.RpcError as error:
            refusal = said(error)  # type: ignore[arg-type] # it has the same methods as one of grpc.aio
            kind = "fail" if refusal["code"] in CERTAIN else "info"
            self._history.complete(number, kind, self.name, rpc, **about, **refusal)  # type: ignore[arg-type] # one of the two
            self._lives += kind == "info"
            return _told(kind, refusal)
        receipt = {**self.opened(answer.receipt.token), "replayed": answer.receipt.replayed}
        receipt |= {"stream": answer.receipt.stream, "version": answer.receipt.version}
        self._history.complete(
            number,
            "ok",
            self.name,
            rpc,
            **about,
            receipt={**receipt, "position": answer.receipt.position},
            response=_base64(answer),
            code="OK",
        )
        return Told(kind="ok", answer=answer)

    def query(self, stub: Any, query: Query, consistency: Consistency, seconds: float) -> Told:
        """Ask for one entity once."""
        request = type(query.request)()
        request.CopyFrom(query.request)
        request.consistency.CopyFrom(consistency)
        token = self._token_of(consistency)
        about: dict[str, Any] = {"token_in": token, "stream": query.stream}
        entity = {"view": query.view, "id": query.id, "version": None}
        number = self._history.invoke(self.name, query.rpc, request=_base64(request), entity=entity, **about)
        try:
            answer = getattr(stub, query.rpc)(request, timeout=seconds)
        except grpc.RpcError as error:
            return self._failed(number, query.rpc, error, token)
        self._history.complete(
            number,
            "ok",
            self.name,
            query.rpc,
            token_in=token,
            freshness=self._freshness(answer.freshness),
            entity={**entity, "version": getattr(answer, query.field).version},
            response=_base64(answer),
            code="OK",
        )
        return Told(kind="ok", answer=answer)

    def scan(self, rpc: str, request: Any, page: dict[str, Any]) -> int:
        """A list is about to be asked for, from this page on; the number of the call."""
        token = None if request.page_token else self._token_of(request.consistency)
        return self._history.invoke(self.name, rpc, request=_base64(request), token_in=token, page=page)

    def page(self, number: int, rpc: str, answer: Any, page: dict[str, Any], rows: list[str]) -> None:
        """A page has come."""
        self._history.complete(
            number,
            "ok",
            self.name,
            rpc,
            freshness=self._freshness(answer.freshness),
            rows=rows,
            page=page,
            response=_base64(answer),
            code="OK",
        )

    def broken(self, number: int, rpc: str, error: grpc.RpcError) -> Told:
        """A list has ended otherwise than by its last page."""
        return self._failed(number, rpc, error, None)

    def opened(self, token: ConsistencyToken) -> dict[str, Any]:
        """What a token says."""
        point = open_point(token.token, self._token_key)
        return {
            "epoch": str(point.epoch),
            "position": point.position,
            "stream": point.stream,
            "version": point.version,
        }

    def _failed(self, number: int, rpc: str, error: grpc.RpcError, token: Any) -> Told:
        refusal = said(error)  # type: ignore[arg-type] # as above
        self._history.complete(number, "fail", self.name, rpc, token_in=token, **refusal)
        return _told("fail", refusal)

    def _token_of(self, consistency: Consistency) -> dict[str, Any] | None:
        is_given = consistency.WhichOneof("requirement") == "at_least_as_fresh"
        return self.opened(consistency.at_least_as_fresh) if is_given else None

    def _freshness(self, freshness: Any) -> dict[str, Any]:
        point = self.opened(freshness.token)
        return {
            "epoch": point["epoch"],
            "position": freshness.position,
            "generation": freshness.generation,
            "as_of": freshness.as_of.ToNanoseconds() // 1000 if freshness.HasField("as_of") else None,
            "lag": freshness.lag.ToTimedelta().total_seconds(),
            "stale": freshness.stale,
        }


def _told(kind: str, refusal: dict[str, Any]) -> Told:
    return Told(
        kind=kind,
        code=refusal["code"],
        reason=refusal["reason"],
        current_version=refusal.get("current_version"),
    )


def _base64(message: Message) -> str:
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode("ascii")
