"""Watch: who applies what a watch of orders tells has, at each mark, the orders that meet its filters."""

from collections.abc import Iterator
from typing import Any

from tests.faults.checker.calls import Call
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.listings import LISTINGS
from tests.faults.checker.requests import request_of, response_of

_VIEW, _CATEGORY = "order_summary", "order-"
# Of all marks so many are compared with all orders, and the last one of each call.
_STEP = 20


def watched_as_it_is(evidence: Evidence) -> Findings:
    """Watch: the orders told and those that left come to what the log says at the place to resume from."""
    for call in evidence.queries:
        if call.method == "WatchOrders" and request_of(call) is not None:
            yield from _Watching(evidence, call).violations()


class _Watching:
    """One call; one that goes on from another is told of what changed since."""

    def __init__(self, evidence: Evidence, call: Call) -> None:
        self._evidence, self._call, self._request = evidence, call, request_of(call)
        self._since = call.token.position if call.token is not None else 0
        self._versions: dict[str, int] = {}

    def violations(self) -> Iterator[Violation]:
        answers = [answer for answer in self._call.answers if answer.freshness is not None]
        for number, answer in enumerate(answers, start=1):
            freshness, through = answer.freshness, answer.changes_through
            response = response_of(self._call.method, answer.response)
            if freshness is None or through is None or response is None:
                return
            if not self._evidence.log.holds(freshness.epoch, freshness.position):
                return
            yield from self._taken(response)
            if response.caught_up and (number % _STEP == 0 or number == len(answers)):
                yield from self._compared(through.position, freshness.position)

    def _taken(self, response: Any) -> Iterator[Violation]:
        for row in response.orders:
            if row.version < self._versions.get(row.order_id, 0):
                yield self._found(f"{row.order_id} went back to version {row.version}")
            self._versions[row.order_id] = row.version
        for id_ in response.left_order_ids:
            self._versions.pop(id_, None)

    def _compared(self, through: int, position: int) -> Iterator[Violation]:
        """Of what has not changed since `through`, all that changed after the start of the call was told."""
        index, matches = self._evidence.index, LISTINGS["ListOrders"].matches
        for stream in index.by_stream:
            version = index.version_at(stream, through) if stream.startswith(_CATEGORY) else 0
            if version in (0, index.version_at(stream, self._since)):
                continue
            if index.version_at(stream, position) != version:
                continue
            id_ = stream.removeprefix(_CATEGORY)
            document = self._evidence.documents.of_version(_VIEW, id_, version)
            seen, is_listed = self._versions.get(id_, 0), document and matches(document, self._request)
            if is_listed and seen < version:
                yield self._found(f"through {through} without version {version} of {id_}, seen is {seen}")
            if seen and not is_listed:
                yield self._found(f"through {through} {id_} is kept, which does not meet the filters")

    def _found(self, what: str) -> Violation:
        return found("watch", f"{self._call.place}: {what}")
