"""The read store's function library as it is after cuts."""

from collections.abc import Sequence

from read_store.library import _SOURCES, Library, compose
from tests.faults.sabotage.cuts import Cut, lua_sources


def cut_library(cuts: Sequence[Cut]) -> Library:
    """The same library for no cuts; else one of another name."""
    return compose(lua_sources(_SOURCES, cuts))
