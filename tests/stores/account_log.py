"""Appends events of accounts to a real log, and keeps plain sums of its own to compare read models with."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from event_store import Append, Appended, EventStore, NewEvent, StreamRead
from read_store import Page, PageRows, ReadStore, TallyRows
from tests import accounts


@dataclass(slots=True)
class _Account:
    owner: str
    cents: int
    version: int
    is_closed: bool = False


@dataclass(slots=True)
class AccountLog:
    """A log of accounts; the plain sums are made of what was appended, by code that shares nothing with the
    projector."""

    store: EventStore
    known: dict[str, _Account] = field(default_factory=dict)
    epoch: UUID = field(default_factory=lambda: UUID(int=0))
    position: int = 0

    async def append(self, *changes: tuple[str, Any]) -> int:
        """Appends (account id, event) in one step; answers the last position."""
        versions: dict[str, int] = {}
        events = []
        for id_, event in changes:
            stream = f"account-{id_}"
            versions.setdefault(stream, self.known[id_].version if id_ in self.known else 0)
            self._note(id_, event)
            events.append(
                NewEvent(
                    stream=stream,
                    category="account",
                    type=event.DESCRIPTOR.full_name,
                    payload=event.SerializeToString(),
                )
            )
        outcome = await self.store.append(
            Append(
                command_id=uuid4(),
                fingerprint=b"",
                response=b"",
                stream=events[0].stream,
                reads=tuple(
                    StreamRead(stream=stream, version=version) for stream, version in versions.items()
                ),
                events=tuple(events),
                actor="the test",
            )
        )
        assert isinstance(outcome, Appended), outcome
        self.epoch, self.position = outcome.stored.epoch, outcome.stored.position
        return self.position

    async def append_random(self, chance: random.Random, count: int, *, accounts_known: int = 300) -> None:
        """Appends that many events in steps of some tens."""
        while count > 0:
            step = min(count, chance.randint(1, 60))
            count -= step
            changes: list[tuple[str, Any]] = []
            opened: set[str] = set()
            for _ in range(step):
                id_ = f"a{chance.randrange(accounts_known)}"
                is_new = id_ not in self.known and id_ not in opened
                changes.append((id_, _an_opening(chance, id_) if is_new else _a_change(chance)))
                opened.add(id_)
            await self.append(*changes)

    def holdings(self) -> dict[str, dict[str, int]]:
        """The tally of the read model, added up here."""
        rows: dict[str, dict[str, int]] = defaultdict(lambda: {"accounts": 0, "cents": 0})
        for account in self.known.values():
            for row in ("all", account.owner[:1]) if not account.is_closed else ():
                rows[row]["accounts"] += 1
                rows[row]["cents"] += account.cents
        return {row: {name: sum_ for name, sum_ in sums.items() if sum_} for row, sums in rows.items()}

    def rich(self) -> list[tuple[int, str]]:
        """The index of the rich, in order."""
        return sorted(
            (account.cents, id_)
            for id_, account in self.known.items()
            if account.cents >= accounts.RICH_CENTS and not account.is_closed
        )

    def _note(self, id_: str, event: Any) -> None:
        if isinstance(event, accounts.AccountOpened):
            self.known[id_] = _Account(owner=event.owner, cents=event.cents, version=1)
            return
        account = self.known[id_]
        account.version += 1
        if isinstance(event, accounts.CentsMoved):
            account.cents += event.cents
        elif isinstance(event, accounts.AccountRenamed):
            account.owner = event.owner
        else:
            account.is_closed = True


def _an_opening(chance: random.Random, id_: str) -> Any:
    return accounts.AccountOpened(account_id=id_, owner=chance.choice("ABC"), cents=chance.randrange(1500))


def _a_change(chance: random.Random) -> Any:
    kind = chance.random()
    if kind < 0.8:
        return accounts.CentsMoved(cents=chance.randint(-500, 500))
    return accounts.AccountRenamed(owner=chance.choice("ABC")) if kind < 0.97 else accounts.AccountClosed()


async def read_holdings(reader: ReadStore, projection: str) -> dict[str, dict[str, int]]:
    """The tally as the read store has it."""
    _, rows = await reader.read_one(projection, TallyRows(tally="holdings"))
    return dict(rows)


async def read_rich(reader: ReadStore, projection: str) -> list[tuple[int, str]]:
    """The index of the rich as the read store has it."""
    page: PageRows
    _, page = await reader.read_one(projection, Page(view="account", indexes=("rich",), limit=1000))
    return [(row.score, row.id) for row in page.rows]
