"""Holds a generation that was filled beside the live one against it."""

from collections.abc import Sequence

from projector.projection import Projection
from read_store import Checkpoint, Generations, ReadModelWriter

# Of each view so many documents, spread evenly over the order of their last changes.
_DOCUMENTS = 500
_ROWS = 2_000
_VIEWS = "d:"


async def difference(
    projection: Projection, writer: ReadModelWriter, live: Checkpoint, new: Checkpoint
) -> str:
    """What tells the generations apart, by names only; empty when nothing does.

    Of one version and at one position they must be the same: each key of the same size, and rows of tallies
    and documents, of which some are looked at, with the same content. Another version gives other results; it
    must have at least as many documents of each view.
    """
    generations = writer.generations
    sizes = await generations.sizes(live.generation), await generations.sizes(new.generation)
    if live.version != new.version:
        return _missing_documents(*sizes)
    if (live.position, live.anchor, live.events) != (new.position, new.anchor, new.events):
        return f"checkpoint {live.position} of {live.events} events, {new.position} of {new.events}"
    return (
        _other_sizes(*sizes)
        or await _other_rows(generations, live.generation, new.generation, sizes[0])
        or await _other_documents(projection, writer, live.generation, new.generation, sizes[0])
    )


def _missing_documents(live: dict[str, int], new: dict[str, int]) -> str:
    for name in sorted(name for name in live if name.startswith(_VIEWS) and name in new):
        if new[name] < live[name]:
            return f"{name} has {new[name]} members for {live[name]}"
    return ""


def _other_sizes(live: dict[str, int], new: dict[str, int]) -> str:
    # A key that once had members keeps its size of 0, and one that never had any has none.
    for name in sorted(live.keys() | new.keys()):
        if live.get(name, 0) != new.get(name, 0):
            return f"{name} has {new.get(name, 0)} members for {live.get(name, 0)}"
    return ""


async def _other_rows(generations: Generations, live: int, new: int, sizes: dict[str, int]) -> str:
    for tally in sorted(name[2:] for name in sizes if name.startswith("t:")):
        ours, theirs = [await generations.row_sums(each, tally, _ROWS) for each in (live, new)]
        for row in sorted(ours.keys() | theirs.keys()):
            if not _is_equal(ours.get(row), theirs.get(row)):
                return f"tally {tally} differs in row {row}"
    return ""


def _is_equal(sum_: int | None, other: int | None) -> bool:
    # Sums of the same columns may differ by whole turns.
    return sum_ is not None and other is not None and (sum_ - other) % 2**32 == 0


async def _other_documents(
    projection: Projection, writer: ReadModelWriter, live: int, new: int, sizes: dict[str, int]
) -> str:
    for view in (model.name for model in projection.read_models):
        ids = await writer.generations.changed_at(live, view, _spread(sizes.get(f"d:{view}", 0)))
        if not ids:
            continue
        wanted = ((view, ids),)
        ours, theirs = [(await writer.documents(each, wanted))[0] for each in (live, new)]
        for id_, own, other in zip(ids, ours, theirs, strict=True):
            if own != other:
                return f"document {id_} of {view} differs"
    return ""


def _spread(size: int) -> Sequence[int]:
    """Ranks from the first to the last, all of them where there are few."""
    if size <= _DOCUMENTS:
        return range(size)
    return [rank * (size - 1) // (_DOCUMENTS - 1) for rank in range(_DOCUMENTS)]
