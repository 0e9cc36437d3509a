"""The names of all keys and channels of the read store."""

import re

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

# Index names may hold a facet, which may be an entity id: placed/customer/c-17.
_INDEX = re.compile(r"[A-Za-z0-9._/-]{1,300}")

KEY_PATTERN = "diptych:*"
ASK_PATTERN = "diptych:*:ask"


def partition_root(projection: str, partition: int = 0) -> str:
    """What all keys of a partition begin with; the braces keep them on one node of a cluster."""
    if not _NAME.fullmatch(projection):
        raise ValueError(f"projection name {projection!r} must match {_NAME.pattern}")
    return f"diptych:{{{projection}:{partition}}}:"


def checked_index(name: str) -> str:
    """The index name itself; names that could reach another key are refused."""
    if not _INDEX.fullmatch(name):
        raise ValueError(f"index name {name!r} must match {_INDEX.pattern}")
    return name


def changed_index(view: str) -> str:
    """The built-in index of a view's documents by the position of their last change."""
    return f"changed/{view}"
