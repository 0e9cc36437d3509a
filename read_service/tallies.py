"""Rows of tallies, all of them, however many there are."""

from read_service.pages import Read
from read_store import TallyRows

# So many rows the store reads in one go without keeping others waiting.
ROWS_PER_READ = 5_000

Columns = dict[str, int]


async def rest_of_rows(
    read: Read, operation: TallyRows, rows: list[tuple[str, Columns]]
) -> list[tuple[str, Columns]]:
    """Answer the rows read by an operation and, where its limit cut them, the rest too."""
    found = list(rows)
    while len(rows) == operation.limit:
        operation = TallyRows(
            tally=operation.tally,
            # The name right after the last one.
            first=f"{rows[-1][0]}\0",
            last=operation.last,
            limit=operation.limit,
        )
        rows = (await read((operation,))).results[0]
        found += rows
    return found
