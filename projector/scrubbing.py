"""Looks for damage in a read model, slowly and for ever, and wherever a reader came upon some."""

import asyncio
from collections.abc import Iterable
from typing import Any

from projector.contributions import contributions_of
from projector.metrics import process_metrics
from projector.projection import Projection, ReadModel
from read_store import (
    Document,
    GramSize,
    HeadAnswers,
    KeySize,
    KeySizes,
    Operation,
    Page,
    PageRows,
    ReadModelWriter,
    Row,
    Standing,
    StandingOf,
    TallyRow,
    TallyRows,
    changed_index,
)

ROWS_PER_SECOND = 1_000
# So many are looked at in one go, in which the store answers nobody else.
_ROWS = 50
_REPORTS_SECONDS = 0.1


class Scrubber:
    """Walks all that a projection has in the store; ends only by raising ReadModelDamaged, or with the store.

    Each document is held against its check sum and against the indexes that it belongs in, each row of a
    tally against its check sum, each key against the number of members put into it.
    """

    def __init__(
        self,
        projection: Projection,
        writer: ReadModelWriter,
        answers: HeadAnswers,
        *,
        rows_per_second: float = ROWS_PER_SECOND,
    ) -> None:
        self._projection = projection
        self._writer = writer
        self._answers = answers
        self._pause_seconds = _ROWS / rows_per_second
        self.passes = 0
        self._metrics = process_metrics()
        # Off for data made by another version, whose read models may declare other places.
        self.knows_places = True

    async def run(self) -> None:
        """Look at everything again and again, and at once at what readers report."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._walk_for_ever())
            tasks.create_task(self._follow_reports())

    async def _walk_for_ever(self) -> None:
        while True:
            for model in self._projection.read_models:
                await self._walk_documents(model)
            names = await self._walk_sizes()
            for tally in sorted(name[2:] for name in names if name.startswith("t:")):
                await self._walk_tally(tally)
            self.passes += 1
            self._metrics.scrubbed(self._projection.name)

    async def _walk_documents(self, model: ReadModel[Any]) -> None:
        """In the order of their last changes: one that changes meanwhile goes to the end of the walk."""
        place: tuple[int, str] | None = None
        while True:
            page: PageRows = await self._ask(
                Page(view=model.name, indexes=(changed_index(model.name),), limit=_ROWS, after=place)
            )
            if self.knows_places:
                documents = [_standing(model, row) for row in page.rows]
                await self._ask(Standing(view=model.name, documents=documents))
            place = page.next
            await asyncio.sleep(self._pause_seconds)
            if place is None:
                return

    async def _walk_sizes(self) -> set[str]:
        """The names of all keys that have a size."""
        place, found = "0", set[str]()
        while True:
            place, names = await self._ask(KeySizes(place=place, limit=_ROWS))
            found.update(names)
            await asyncio.sleep(self._pause_seconds)
            if place == "0":
                return found

    async def _walk_tally(self, tally: str) -> None:
        first: str | None = None
        while True:
            rows: list[tuple[str, dict[str, int]]] = await self._ask(
                TallyRows(tally=tally, first=first, limit=_ROWS)
            )
            await asyncio.sleep(self._pause_seconds)
            if len(rows) < _ROWS:
                return
            # The name right after the last one.
            first = f"{rows[-1][0]}\0"

    async def _follow_reports(self) -> None:
        while True:
            while self._answers.reports:
                # Looked at, not believed: a reader can't make a read model be built anew by saying so.
                for operation in _operations(self._answers.reports.popleft()):
                    await self._ask(operation)
            await asyncio.sleep(_REPORTS_SECONDS)

    async def _ask(self, operation: Operation[Any]) -> Any:
        return (await self._writer.read((operation,))).results[0]


def _standing(model: ReadModel[Any], row: Row) -> StandingOf:
    contributed = contributions_of(model, model.view.FromString(row.message))
    scores = {**contributed.scores, changed_index(model.name): row.position}
    return StandingOf(id=row.id, position=row.score, scores=scores, texts=contributed.texts)


def _operations(place: tuple[str, ...]) -> Iterable[Operation[Any]]:
    """The questions that find the damage which a reader found there, if it is there."""
    match place:
        case ("document", view, id_):
            yield Document(view=view, id=id_)
            yield KeySize(name=f"d:{view}")
            yield KeySize(name=f"i:{changed_index(view)}")
        case ("row", tally, row):
            yield TallyRow(tally=tally, row=row)
        case ("key", name):
            yield KeySize(name=name)
        case ("gram", index, gram):
            yield GramSize(index=index, gram=gram)
