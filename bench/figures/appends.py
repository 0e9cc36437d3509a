"""Appends through event_store alone, beside pgbench and the functions of Message DB."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.floors import pgbench
from bench.measuring import Row, Section, Turn
from bench.peers import message_db
from bench.programs import Asked
from bench.stand import Stand

_CALLERS = 64
_MANY_CALLERS = 512
_BATCHING_CLIENTS = 4


@contextmanager
def appending(stand: Stand) -> Iterator[Section]:
    """One process of ours with 64 and with 512 callers, on a log of its own."""
    log, turns = stand.empty_log("appends"), _floors(stand)
    if stand.peers.node_modules is not None:
        messages = _message_db(stand, stand.peers.node_modules)
        turns.append(_transactions(stand, "Message DB", messages, message_db.write_message()))
    with stand.inside() as inside:
        turns += [_appended(stand, inside, log, callers) for callers in (_CALLERS, _MANY_CALLERS)]
        yield Section(title="Appends through event_store", turns=turns, rows=_rows())


def _floors(stand: Stand) -> list[Turn]:
    url = stand.database("floor_rows")
    pgbench.make_rows(url)
    url, one, many = pgbench.quick_login(url), pgbench.one_row(), pgbench.many_rows()
    return [
        _transactions(stand, "one row", url, one),
        _transactions(
            stand, "many rows", url, many, clients=_BATCHING_CLIENTS, rows_each=pgbench.ROWS_A_BATCH
        ),
    ]


def _transactions(
    stand: Stand, name: str, url: str, script: Path, *, clients: int = _CALLERS, rows_each: int = 1
) -> Turn:
    seconds = stand.sizes.window.seconds
    return lambda: {
        name: rows_each * pgbench.transactions_per_second(url, script, clients=clients, seconds=seconds)
    }


def _message_db(stand: Stand, node_modules: Path) -> str:
    url = stand.database("message_db")
    message_db.install(url, node_modules)
    return pgbench.quick_login(url)


def _appended(stand: Stand, inside: Asked, log: str, callers: int) -> Turn:
    window = stand.sizes.window
    return lambda: inside.ask(
        do="append",
        url=log,
        callers=callers,
        warming_seconds=window.warming_seconds,
        seconds=window.seconds,
    )


def _rows() -> tuple[Row, ...]:
    def beside(callers: int, floor: str, floor_name: str, goal: float | None = None) -> Row:
        return Row(
            name=f"appends through event_store, {callers} callers in one process",
            unit="appends/s",
            value=f"appends by {callers}",
            floor=floor,
            floor_name=floor_name,
            goal=goal,
        )

    one, many = "pgbench one-row INSERT, 64 clients", f"pgbench, rows in INSERTs of {pgbench.ROWS_A_BATCH}"
    return (
        beside(_CALLERS, "one row", one, 0.7),
        beside(_CALLERS, "Message DB", "Message DB write_message in one category, pgbench, 64 clients"),
        beside(_MANY_CALLERS, "one row", one, 1.2),
        beside(_MANY_CALLERS, "many rows", many),
    )
