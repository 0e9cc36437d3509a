"""Watches of a list: what is on it, then what changes on it, comes to it and leaves it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import Enum, auto

from read_service import encoding
from read_service.freshness import Answer
from read_service.walks import stored
from read_service.watch import ResumableRequest, Watch
from read_store import Page, PageRows, Probe, Row, changed_index

_BATCH_ROWS = 500


class Standing(Enum):
    """How an entity that changed stands to a list."""

    ON_LIST = auto()
    # Not on the list, and it may have been before the change.
    OFF_LIST = auto()
    # Not on the list now nor ever before.
    NEVER_ON_LIST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedList:
    """A list as a watch sees it: `probes` let pass what is on it now, `lasting_probes` what has been or may
    come to be on it. `standing` tells for what changed which of these it is."""

    view: str
    probes: tuple[Probe, ...]
    lasting_probes: tuple[Probe, ...]
    standing: Callable[[Row], Standing]
    encode: Callable[[Row], bytes] = stored


async def watch_list(
    watch: Watch, request: ResumableRequest, watched: WatchedList
) -> AsyncGenerator[bytes, None]:
    """Yield all on the list, then what changes: rows in field 1, the ids of those that left in 2.

    changes_through is in field 3, freshness in 4, heartbeat in 5, caught_up in 6.
    """
    changes = _Changes(watched, await watch.resume(request))
    async with aclosing(watch.beats()) as beats:
        async for is_heartbeat_due in beats:
            has_more, is_silent = True, True
            while has_more:
                answer = await watch.look((changes.operation(),))
                has_more = changes.take(answer)
                if changes.is_news:
                    is_silent = False
                    watch.sent()
                    yield _batch(watch, answer, changes)
            if is_silent and is_heartbeat_due:
                watch.sent()
                yield _batch(watch, answer, changes) + encoding.flag(5)


@dataclass(slots=True)
class _Changes:
    """The walk of a watch through the entities by the position of their last change.

    `through`: all that changed up to here was sent. Until `start` only what is on the list is looked at; an
    entity that changes after that moves behind it, and is then seen to have stayed or left.
    """

    watched: WatchedList
    resume_after: int | None
    through: int = 0
    start: int | None = None
    is_begun: bool = False
    is_caught_up: bool = False
    is_news: bool = False
    rows: list[bytes] = field(default_factory=list)
    left_ids: list[str] = field(default_factory=list)

    def operation(self) -> Page:
        """Answer the operation that reads the next changes."""
        is_start = self.start is not None or (not self.is_begun and self.resume_after is None)
        if not self.is_begun:
            self.through = self.resume_after or 0
        return Page(
            view=self.watched.view,
            indexes=(changed_index(self.watched.view),),
            limit=_BATCH_ROWS,
            min=self.through + 1,
            max=self.start,
            probes=self.watched.probes if is_start else self.watched.lasting_probes,
        )

    def take(self, answer: Answer) -> bool:
        """Take what was read; answer whether there is more to read at once."""
        page: PageRows = answer.results[0]
        place = answer.checkpoint.position
        if not self.is_begun and self.resume_after is None:
            self.start = place
        self.is_begun = True
        # A partition that is ahead of another one has changes which are told when all have come so far.
        rows = [row for row in page.rows if row.score <= place]
        self._sort_out(rows, is_start=self.start is not None)
        is_end = page.next is None or page.next[0] > place
        if page.next is not None and not is_end:
            self.through = page.next[0]
        else:
            self.through = max(self.through, place if self.start is None else self.start)
        self._note(is_caught_up=is_end)
        if is_end:
            self.start = None
        # Beyond the start, what has changed since then comes next.
        return not is_end or self.through < place

    def _sort_out(self, rows: list[Row], *, is_start: bool) -> None:
        self.rows, self.left_ids = [], []
        for row in rows:
            standing = Standing.ON_LIST if is_start else self.watched.standing(row)
            if standing is Standing.ON_LIST:
                self.rows.append(self.watched.encode(row))
            elif standing is Standing.OFF_LIST:
                self.left_ids.append(row.id)

    def _note(self, *, is_caught_up: bool) -> None:
        self.is_news = bool(self.rows or self.left_ids) or (is_caught_up and not self.is_caught_up)
        self.is_caught_up = self.is_caught_up or is_caught_up


def _batch(watch: Watch, answer: Answer, changes: _Changes) -> bytes:
    return b"".join(
        (
            encoding.fields(1, changes.rows),
            encoding.fields(2, (id_.encode() for id_ in changes.left_ids)),
            encoding.field(3, watch.token_at(answer, changes.through)),
            encoding.field(4, watch.reads.describe(answer)),
            encoding.flag(6) if changes.is_caught_up else b"",
        )
    )
