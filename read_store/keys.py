"""The names of all keys and channels of the read store."""

import re
from functools import cache, lru_cache
from hashlib import sha256

_NAME = re.compile(r"([a-z][a-z0-9_]{0,63})(?:\.(\d+of\d+))?")

# Index names may hold a facet, which may be an entity id: placed/customer/c-17.
_INDEX = re.compile(r"[A-Za-z0-9._/-]{1,300}")

KEY_PATTERN = "diptych:*"
ASK_PATTERN = "diptych:*:ask"


def partition_names(projection: str, partitions: int) -> tuple[str, ...]:
    """The names of a projection's partitions; one that is not split has its own name for its only one.

    How many there are is in the names, so that a projection split otherwise has other keys.
    """
    if partitions == 1:
        return (projection,)
    return tuple(f"{projection}.{number}of{partitions}" for number in range(partitions))


def partition_of(stream: str, partitions: int) -> int:
    """The number of the partition that a stream falls to, as the log's own statement has it."""
    return sha256(stream.encode()).digest()[0] % partitions


@cache
def partition_root(name: str, partition: int = 0) -> str:
    """What all keys of a partition begin with; the braces keep them on one node of a cluster."""
    parts = _NAME.fullmatch(name)
    if not parts:
        raise ValueError(f"projection name {name!r} must match {_NAME.pattern}")
    projection, split = parts.groups()
    return f"diptych:{{{projection}:{split or partition}}}:"


def attendance_root(partitions: int) -> str:
    """What the keys of a group of projector processes begin with."""
    return f"diptych:{{projectors:{partitions}}}:"


@lru_cache(maxsize=65_536)
def checked_index(name: str) -> str:
    """The index name itself; names that could reach another key are refused."""
    if not _INDEX.fullmatch(name):
        raise ValueError(f"index name {name!r} must match {_INDEX.pattern}")
    return name


def changed_index(view: str) -> str:
    """The built-in index of a view's documents by the position of their last change."""
    return f"changed/{view}"
