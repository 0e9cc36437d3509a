"""A client of a shop under test that holds every answer against what may be true."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from diptych.consistency.v1.consistency_pb2 import Consistency
from google.protobuf.duration_pb2 import Duration

from tests.properties.deeds import query_for, request_of, service_of, shown_by
from tests.properties.possible_worlds import Deed, State, Worlds, altered
from tests.properties.recorded_client import Told
from tests.properties.small_shop import ShopUnderTest
from tests.properties.walk import Walk

# How long a sound system may take to answer after whatever was done to it.
PATIENCE_SECONDS = 60.0
_IMPATIENCE_SECONDS = 0.4
_NEW = ("token", "newest")
_DEFECTS = ("INTERNAL", "UNKNOWN", "UNIMPLEMENTED", "DATA_LOSS")


class CheckedShop:
    """The things of one example, by names that no other one uses."""

    def __init__(self, shop: ShopUnderTest) -> None:
        shop.examples += 1
        self.name = f"e{shop.examples}"
        shop.client.begin_anew(self.name)
        self.shop = shop
        self.worlds = Worlds()
        self.deeds: list[tuple[Deed, Any]] = []
        self.token: Any = None
        self.old_token: Any = None

    def do(self, deed: Deed, request: Any = None) -> None:
        """Send until the outcome is certain; once only, while nobody is there to take it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.send(deed, PATIENCE_SECONDS, request):
            request = next(sent for done, sent in self.deeds if done.number == deed.number)
            if "write_service" in self.shop.down:
                return
            assert time.monotonic() < deadline, f"{deed} has no outcome though all is well"

    def send(self, deed: Deed, seconds: float, request: Any = None) -> bool:
        """Send once; whether the outcome is certain."""
        if request is None:
            request = request_of(deed, str(uuid4()))
            self.deeds.append((deed, request))
        told = self.told(deed, request, seconds)
        match told.kind:
            case "ok":
                receipt = told.answer.receipt
                self.token = receipt.token
                self.worlds.accepted(deed, version=receipt.version, is_repeat=receipt.replayed)
            case "info":
                self.worlds.unknown(deed)
            case _ if told.reason in ("CONCURRENT_UPDATE", None):
                return False
            case _:
                self.worlds.refused(deed, told.reason or told.code, told.current_version)
        return told.kind != "info"

    def send_altered(self, deed: Deed, request: Any) -> None:
        """Send another content under the id of a command; it must have been accepted for sure."""
        if not self.worlds.is_done(deed.number):
            return
        other = request_of(altered(deed), request.context.command_id)
        other.context.correlation_id = "altered"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (told := self.told(deed, other, PATIENCE_SECONDS)).kind == "info":
            assert time.monotonic() < deadline, f"{told} though all is well"
        assert (told.code, told.reason) == ("ALREADY_EXISTS", "COMMAND_ID_REUSED"), told

    def told(self, deed: Deed, request: Any, seconds: float) -> Told:
        """What a command is answered; never with a code that no contract declares."""
        stub = self.shop.writes[service_of(deed.kind)]
        told = self.shop.client.command(stub, deed.kind, request, deed.stream, seconds)
        assert told.code not in _DEFECTS, told
        return told

    def look(self, stream: str, consistency: Consistency, freshness: str) -> None:
        """Ask for an entity until there is an answer, or for once while something is wrong."""
        query = query_for(stream)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            told = self.shop.client.query(
                self.shop.reads[query.service], query, consistency, PATIENCE_SECONDS
            )
            if told.code == "UNAVAILABLE" and self._is_well():
                assert time.monotonic() < deadline, f"{query.rpc}: {told} though all is well"
                continue
            break
        state = shown_by(query, told.answer) if told.kind == "ok" else None
        if told.kind == "ok" and freshness in _NEW:
            # What was seen once is asked for from now on.
            self.token = told.answer.freshness.token
        if told.kind == "ok" or told.code == "NOT_FOUND":
            self._take(stream, state, is_new=freshness in _NEW)
        else:
            lawful = {"UNAVAILABLE"} | ({"FAILED_PRECONDITION"} if freshness == "old" else set())
            assert told.code in lawful, told

    def _take(self, stream: str, state: State | None, *, is_new: bool) -> None:
        if is_new:
            self.worlds.seen(stream, state)
        else:
            self.worlds.seen_of_old(stream, state)

    def advance(self, walk: Walk) -> None:
        """Take a list's next page, until it comes; or for once while something is wrong."""
        if walk.is_over:
            return
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (refusal := walk.advance(self.shop.reads["orders"])) is not None and not walk.is_over:
            assert refusal["code"] in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), refusal
            if not self._is_well():
                return
            assert time.monotonic() < deadline, f"{refusal} though all is well"

    def _is_well(self) -> bool:
        return not self.shop.down and not self.shop.paused

    def consistency(self, freshness: str) -> Consistency | None:
        """What to ask for, where there is a token to ask with."""
        match freshness:
            case "newest":
                return self.within(Consistency(fully_consistent=True))
            case "token" if self.token is not None:
                return self.within(Consistency(at_least_as_fresh=self.token))
            case "old" if self.old_token is not None:
                return self.within(Consistency(at_least_as_fresh=self.old_token))
            case "any":
                return self.within(Consistency())
        return None

    def within(self, consistency: Consistency) -> Consistency:
        """For a long time where all is well, as nothing else would be an answer then."""
        seconds = PATIENCE_SECONDS / 2 if self._is_well() else _IMPATIENCE_SECONDS
        consistency.max_wait.CopyFrom(Duration(nanos=round(seconds % 1 * 1e9), seconds=int(seconds)))
        return consistency

    def forget_token(self) -> None:
        """The log has a new epoch: what was a token is an old one."""
        self.old_token, self.token = self.token or self.old_token, None

    def version_of(self, stream: str) -> int:
        """The version that the stream may well have."""
        state = min(self.worlds.possible, key=str).state(stream)
        return int(state[0]) if state else 0

    def surely_placed(self) -> set[str]:
        """The orders that are there, whatever became of what is open."""
        placed = [
            {stream for stream, _ in world.streams if stream.startswith("order-")}
            for world in self.worlds.possible
        ]
        return {stream.removeprefix("order-") for stream in set.intersection(*placed)}

    def of_kind(self, kind: str, place: int, order: int, amount: int) -> Deed:
        """A deed about one of the few things there are."""
        category = _CATEGORIES.get(kind, "order")
        return self.deed(kind, category, order if category == "order" else place, amount=amount)

    def deed(self, kind: str, category: str, place: int, *, amount: int) -> Deed:
        """A deed that was not done yet."""
        about: Sequence[str] = ()
        if kind == "PlaceOrder":
            about = (self.stream("customer", 0), self.stream("product", place % 2))
        return Deed(
            number=len(self.deeds),
            kind=kind,
            stream=self.stream(category, place),
            about=tuple(about),
            amount=amount,
        )

    def stream(self, category: str, place: int) -> str:
        """The stream of one of this example's things."""
        return f"{category}-{self.name}.{place}"


_CATEGORIES: Mapping[str, str] = {
    "RegisterCustomer": "customer",
    "SuspendCustomer": "customer",
    "ReinstateCustomer": "customer",
    "RegisterProduct": "product",
    "ReceiveStock": "product",
    "EnrollFamily": "family",
    "UpdateRiskScore": "family",
}
