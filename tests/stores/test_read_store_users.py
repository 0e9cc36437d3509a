"""The reader's user can't write, and neither user reaches beyond the product's keys."""

import pytest

from read_store import LIBRARY, Connection, ReadStoreError
from tests.stores.partition import a_partition
from tests.valkey_server import TestValkey

ROOT = "diptych:{users:0}:"
WRITES = (
    ("SET", f"{ROOT}live", "1"),
    ("DEL", f"{ROOT}live"),
    ("HSET", f"{ROOT}g1:d:thing", "a", "1"),
    ("ZADD", f"{ROOT}g1:i:thing", "1", "a"),
    ("FCALL", LIBRARY.function("release_lease"), "1", ROOT, "1"),
    ("FCALL", LIBRARY.function("read"), "1", ROOT, "[]"),
    ("FCALL_RO", LIBRARY.function("release_lease"), "1", ROOT, "1"),
    ("FUNCTION", "LOAD", "#!lua name=other\n"),
    ("PUBLISH", f"{ROOT}applied", "x"),
    ("PUBLISH", f"{ROOT}answer", "x"),
    ("SCAN", "0"),
)
BEYOND = (
    ("GET", "other"),
    ("SET", "other", "1"),
    ("KEYS", "*"),
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("EVAL", "return 1", "0"),
    ("CONFIG", "GET", "*"),
    ("FUNCTION", "FLUSH"),
    ("ACL", "LIST"),
    ("PUBLISH", "other", "x"),
)


async def refused(url: str, command: tuple[str, ...]) -> bool:
    """Whether the user of that address may not do that."""
    connection = Connection(url)
    await connection.open()
    try:
        await connection.call(*command)
    except ReadStoreError as error:
        # The server names the write in a function that was called as a read.
        return "NOPERM" in str(error) or "write" in str(error) or "No permissions" in str(error)
    finally:
        await connection.close()
    return False


@pytest.mark.parametrize("command", WRITES + BEYOND, ids=" ".join)
async def test_a_reader_may_not(valkey: TestValkey, command: tuple[str, ...]) -> None:
    async with a_partition(valkey):
        assert await refused(valkey.reader_url, command)


@pytest.mark.parametrize("command", BEYOND, ids=" ".join)
async def test_a_projector_may_not(valkey: TestValkey, command: tuple[str, ...]) -> None:
    async with a_partition(valkey):
        assert await refused(valkey.projector_url, command)


@pytest.mark.parametrize("command", WRITES[:4], ids=" ".join)
async def test_the_check_sees_a_user_that_may(valkey: TestValkey, command: tuple[str, ...]) -> None:
    async with a_partition(valkey):
        assert not await refused(valkey.projector_url, command)
