"""Damage done by an administrator's hand to what a read model keeps, a kind at a time."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from read_store import Connection
from read_store.check_sums import checkpoint_seal
from tests.valkey_server import TestValkey

# Version, position and seal.
_BEHIND_MESSAGE = 20

Damage = Callable[[Connection, str], Awaitable[object]]


async def do(valkey: TestValkey, damage: Damage, root: str) -> None:
    """Does the damage; `root` is what all keys of the generation begin with."""
    admin = Connection(valkey.admin_url)
    await admin.open()
    try:
        assert await damage(admin, root), "nothing was damaged"
    finally:
        await admin.close()


def deleted(key: str) -> Damage:
    """A key that is gone."""
    return lambda admin, root: admin.call("DEL", root + key)


def field_deleted(key: str, field: str) -> Damage:
    """A field of a hash that is gone."""
    return lambda admin, root: admin.call("HDEL", root + key, field)


def member_removed(key: str, member: str) -> Damage:
    """A member of a sorted set that is gone."""
    return lambda admin, root: admin.call("ZREM", root + key, member)


def member_added(key: str, member: str) -> Damage:
    """A member of a sorted set that nobody folded."""
    return lambda admin, root: admin.call("ZADD", root + key, "7", member)


def member_replaced(key: str, member: str, other: str) -> Damage:
    """Another member of a sorted set in the place of one, so that there are as many as before."""

    async def damage(admin: Connection, root: str) -> object:
        score = await admin.call("ZSCORE", root + key, member)
        await admin.call("ZREM", root + key, member)
        return await admin.call("ZADD", root + key, score, other)

    return damage


def member_moved(key: str, member: str) -> Damage:
    """A member of a sorted set at another score."""
    return lambda admin, root: admin.call("ZINCRBY", root + key, "1", member)


def column_edited(key: str, column: str) -> Damage:
    """A column of a tally row with another amount."""
    return lambda admin, root: admin.call("HINCRBY", root + key, column, "5")


def not_a_number(key: str, column: str) -> Damage:
    """A column of a tally row that holds words."""

    async def damage(admin: Connection, root: str) -> object:
        await admin.call("HSET", root + key, column, "many")
        return True

    return damage


def of_another_type(key: str) -> Damage:
    """A key that holds something else."""

    async def damage(admin: Connection, root: str) -> object:
        return await admin.call("SET", root + key, "x")

    return damage


def edited(key: str, field: str) -> Damage:
    """A document with one bit of its message's last byte turned round."""

    async def damage(admin: Connection, root: str) -> object:
        value: bytes = await admin.call("HGET", root + key, field)
        message, rest = value[:-_BEHIND_MESSAGE], value[-_BEHIND_MESSAGE:]
        await admin.call("HSET", root + key, field, message[:-1] + bytes([message[-1] ^ 1]) + rest)
        return value

    return damage


def copied(key: str, source: str, target: str) -> Damage:
    """One entity's document in another one's place."""

    async def damage(admin: Connection, root: str) -> object:
        value: bytes = await admin.call("HGET", root + key, source)
        await admin.call("HSET", root + key, target, value)
        return value

    return damage


def both(*damages: Damage) -> Damage:
    """Several at once."""

    async def damage(admin: Connection, root: str) -> object:
        return all([await each(admin, root) for each in damages])

    return damage


def checkpoint_set_back(epoch: UUID) -> Damage:
    """The whole checkpoint of an empty generation, seal and all, beside the data that it has gone on to."""

    async def damage(admin: Connection, root: str) -> object:
        await admin.call("HDEL", f"{root}checkpoint", "anchor", "as_of_us")
        seal = checkpoint_seal(epoch.hex, 0, "", 0)
        await admin.call("HSET", f"{root}checkpoint", "position", "0", "seal", str(seal))
        return True

    return damage
