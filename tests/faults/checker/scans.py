"""C11: a list walked to its end shows all that was there all the time exactly once, in order, and no more."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.faults.checker.calls import Answer, Call
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.listings import LISTINGS, Listing
from tests.faults.checker.log_dump import LogDump
from tests.faults.checker.requests import request_of
from tests.faults.checker.timeline import stream_of

# A scan is compared with all that could be in it; of more than these looks allow, an even choice is taken.
_MOST_LOOKS = 5_000_000
_FEWEST_SCANS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """The pages of a scan in their order, and the call that began it."""

    name: str
    call: Call
    pages: Sequence[Answer]

    @property
    def rows(self) -> list[str]:
        return [id_ for page in self.pages for id_ in page.rows or ()]

    @property
    def positions(self) -> list[int]:
        return [page.freshness.position for page in self.pages if page.freshness is not None]

    def is_held(self, log: LogDump) -> bool:
        """Whether all pages show what is in this log."""
        shown = [page.freshness for page in self.pages if page.freshness is not None]
        return bool(shown) and all(log.holds(each.epoch, each.position) for each in shown)

    @property
    def generations(self) -> set[int]:
        return {page.freshness.generation for page in self.pages if page.freshness is not None}

    @property
    def is_finished(self) -> bool:
        return any(page.page.is_last for page in self.pages if page.page is not None)

    @property
    def place(self) -> str:
        return f"scan {self.name} from {self.call.place}"


def complete_and_in_order(evidence: Evidence) -> Findings:
    """C11, for the lists that the checker knows the rules of; of others only that page follows page, and that
    all of them are of one generation."""
    by_method = defaultdict[str, list[_Scan]](list)
    for scan in _scans(evidence):
        numbers = [page.page.number for page in scan.pages if page.page is not None]
        if numbers != list(range(1, len(numbers) + 1)):
            yield found("C11", f"{scan.place}: pages {numbers[:20]}")
        if len(scan.generations) > 1:
            yield found("C11", f"{scan.place}: pages of generations {sorted(scan.generations)}")
        by_method[scan.call.method].append(scan)
    for method, scans in by_method.items():
        listing = LISTINGS.get(method)
        most = max(_FEWEST_SCANS, _MOST_LOOKS // max(1, len(evidence.index.by_stream)))
        step = -(-len(scans) // most)
        for scan in scans[::step] if listing is not None else ():
            assert listing is not None
            request = request_of(scan.call)
            if request is not None and scan.is_held(evidence.log):
                yield from _Check(evidence, listing, scan, request).violations()


def _scans(evidence: Evidence) -> Iterator[_Scan]:
    began: dict[str, Call] = {}
    pages = defaultdict[str, list[Answer]](list)
    for call in evidence.queries:
        for answer in call.answers:
            if answer.kind == "ok" and answer.page is not None:
                began.setdefault(answer.page.scan, call)
                pages[answer.page.scan].append(answer)
    for name, its in pages.items():
        its.sort(key=lambda answer: answer.page.number if answer.page else 0)
        yield _Scan(name=name, call=began[name], pages=its)


class _Check:
    """One scan against the log."""

    def __init__(self, evidence: Evidence, listing: Listing, scan: _Scan, request: Any) -> None:
        self._index = evidence.index
        self._documents = evidence.documents
        self._listing = listing
        self._scan = scan
        self._request = request
        self._first, self._last = min(scan.positions, default=0), max(scan.positions, default=0)

    def violations(self) -> Iterator[Violation]:
        rows, scan = Counter(self._scan.rows), self._scan
        steady = {id_: document for id_ in self._ids() if (document := self._steady(id_)) is not None}
        for id_, times in rows.items():
            if times > 1 and id_ in steady:
                yield found("C11", f"{scan.place}: {id_} is shown {times} times")
            if not self._was_ever_there(id_):
                yield found("C11", f"{scan.place}: {id_} is shown and never met the filters")
        if scan.is_finished and not getattr(self._request, "limit", 0):
            for id_, document in steady.items():
                if id_ not in rows and self._listing.matches(document, self._request):
                    yield found("C11", f"{scan.place}: {id_} is missing")
        yield from self._out_of_order(steady)

    def _ids(self) -> Iterator[str]:
        start = stream_of(self._listing.view, "")
        for stream, events in self._index.by_stream.items():
            if stream.startswith(start) and events[0].position <= self._first:
                yield stream.removeprefix(start)

    def _versions(self, id_: str) -> tuple[int, int]:
        stream = stream_of(self._listing.view, id_)
        return self._index.version_at(stream, self._first), self._index.version_at(stream, self._last)

    def _steady(self, id_: str) -> dict[str, Any] | None:
        """The document, if it was there from the first page to the last and did not change."""
        first, last = self._versions(id_)
        return self._documents.of_version(self._listing.view, id_, first) if first == last else None

    def _was_ever_there(self, id_: str) -> bool:
        first, last = self._versions(id_)
        for version in range(max(first, 1), last + 1):
            document = self._documents.of_version(self._listing.view, id_, version)
            if document is not None and self._listing.matches(document, self._request):
                return True
        return False

    def _out_of_order(self, steady: dict[str, dict[str, Any]]) -> Iterator[Violation]:
        is_descending = self._listing.is_descending(self._request)
        places = [
            (self._listing.place(steady[id_], self._request), id_) for id_ in self._scan.rows if id_ in steady
        ]
        for before, after in pairwise(places):
            # Ids decide between equal places, in the direction of the list; what a search ranks has its own.
            if self._scan.call.method == "SearchOrders":
                before, after = (before[0], ""), (after[0], "")  # noqa: PLW2901 - the pair without the ids
            if (before < after) if is_descending else (before > after):
                yield found("C11", f"{self._scan.place}: {after[1]} comes after {before[1]}")
