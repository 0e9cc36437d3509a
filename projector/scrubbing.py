"""Looks for damage in a read model, slowly and for ever, and wherever a reader came upon some."""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

from projector.contributions import places_of
from projector.metrics import process_metrics
from projector.pace import ROWS_OF_A_STEP, Pace
from projector.projection import Projection, ReadModel, nowhere
from read_store import (
    Checkpoint,
    Document,
    GramSize,
    GramSizes,
    HeadAnswers,
    KeySize,
    KeySizes,
    Operation,
    Page,
    PageRows,
    ReadModelDamaged,
    ReadModelWriter,
    Row,
    Snapshot,
    StandingOf,
    TallyRow,
    TallyRows,
    Terms,
    changed_index,
)

_ROWS = ROWS_OF_A_STEP
# A term stands under some fifty trigrams.
_TERMS = 20
_REPORTS_SECONDS = 0.1


class Scrubber:
    """Walks all that a projection has in the store; ends only by raising ReadModelDamaged, or with the store.

    Each document is held against its check sum and against the indexes that it belongs in, each row of a
    tally against its check sum, each key against the number of members put into it, each term of a text index
    against its trigrams. The pace is that of Pace.
    """

    def __init__(
        self, projection: Projection, writer: ReadModelWriter, answers: HeadAnswers, pace: Pace
    ) -> None:
        self._projection = projection
        self._writer = writer
        self._answers = answers
        self._pace = pace
        self._woken = asyncio.Event()
        self.passes = 0
        self._metrics = process_metrics()
        # Off for data made by another version, whose read models may declare other places.
        self.knows_places = True

    def saw(self, checkpoint: Checkpoint) -> None:
        """Somebody else has seen the read model at this checkpoint: what was written since ends the rest."""
        self._pace.saw(checkpoint.generation, checkpoint.position)
        if not self._pace.is_at_rest:
            self._woken.set()

    async def run(self) -> None:
        """Look at everything again and again, and at once at what readers report."""
        self._pace.start_over()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._walk_for_ever())
            tasks.create_task(self._follow_reports())

    async def _walk_for_ever(self) -> None:
        while True:
            self._pace.begin()
            for model in self._projection.read_models:
                await self._walk_documents(model)
            names = await self._walk_sizes()
            for tally in sorted(name[2:] for name in names if name.startswith("t:")):
                await self._walk_tally(tally)
            for index in sorted(name[2:] for name in names if name.startswith("x:")):
                await self._walk_terms(index)
            self._pace.end()
            self.passes += 1
            self._metrics.scrubbed(self._projection.name)

    async def _walk_documents(self, model: ReadModel[Any]) -> None:
        """In the order of their last changes: one that changes meanwhile goes to the end of the walk."""
        place: tuple[int, str] | None = None
        while True:
            snapshot = await self._read(
                Page(view=model.name, indexes=(changed_index(model.name),), limit=_ROWS, after=place)
            )
            page: PageRows = snapshot.results[0]
            for row in page.rows:
                if row.position != row.score:
                    raise ReadModelDamaged("document", model.name, row.id)
            if page.rows and self.knows_places and model.indexes is not nowhere:
                documents = [_standing(model, row) for row in page.rows]
                await self._writer.check_standing(snapshot.checkpoint.generation, model.name, documents)
            place = page.next
            await self._rest()
            if place is None:
                return

    async def _walk_sizes(self) -> set[str]:
        """The names of all keys that have a size."""
        place, found = "0", set[str]()
        while True:
            place, names = await self._ask(KeySizes(place=place, limit=_ROWS))
            found.update(names)
            await self._rest()
            if place == "0":
                return found

    async def _walk_tally(self, tally: str) -> None:
        first: str | None = None
        while True:
            rows: list[tuple[str, dict[str, int]]] = await self._ask(
                TallyRows(tally=tally, first=first, limit=_ROWS)
            )
            await self._rest()
            if len(rows) < _ROWS:
                return
            # The name right after the last one.
            first = f"{rows[-1][0]}\0"

    async def _walk_terms(self, index: str) -> None:
        place = "0"
        while True:
            place = await self._ask(GramSizes(index=index, place=place, limit=_ROWS))
            await self._rest()
            if place == "0":
                break
        term: str | None = None
        while True:
            term = await self._ask(Terms(index=index, after=term, limit=_TERMS))
            await self._rest()
            if term is None:
                return

    async def _rest(self) -> None:
        seconds = self._pace.step()
        if not self._pace.is_at_rest:
            await asyncio.sleep(seconds)
            return
        self._woken.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _follow_reports(self) -> None:
        while True:
            while self._answers.reports:
                # Looked at, not believed: a reader can't make a read model be built anew by saying so.
                for operation in _operations(self._answers.reports.popleft()):
                    await self._ask(operation)
            await asyncio.sleep(_REPORTS_SECONDS)

    async def _ask(self, operation: Operation[Any]) -> Any:
        return (await self._read(operation)).results[0]

    async def _read(self, operation: Operation[Any]) -> Snapshot:
        snapshot = await self._writer.read((operation,))
        self.saw(snapshot.checkpoint)
        return snapshot


def _standing(model: ReadModel[Any], row: Row) -> StandingOf:
    scores, texts = places_of(model, model.view.FromString(row.message))
    return StandingOf(id=row.id, position=row.position, scores=scores, texts=texts)


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
