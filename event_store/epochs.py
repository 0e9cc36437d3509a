"""Begins a new epoch: what an operator does once a log was restored from a backup."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import psycopg

from event_store.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunEpoch:
    """The new epoch, the one before it, and the last position that both have in common."""

    epoch: UUID
    ended_epoch: UUID
    last_common_position: int


async def begin_epoch(owner_url: str) -> BegunEpoch:
    """Begins a new epoch where the log ends now; everybody who knows more than that learns that it is gone.

    Needs a superuser or a member of diptych_owner.
    """
    return await asyncio.to_thread(_begin_epoch, owner_url)


def _begin_epoch(owner_url: str) -> BegunEpoch:
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET LOCAL ROLE diptych_owner")
        row = connection.execute(statement("begin_epoch")).fetchone()
    assert row is not None  # noqa: S101 - the log has one head
    epoch, position, ended = row
    return BegunEpoch(epoch=epoch, ended_epoch=ended, last_common_position=position)
