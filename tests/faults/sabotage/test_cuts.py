"""A cut that does not find its place exactly once is refused, so that no twin goes on proving nothing."""

import pytest

from tests.faults.sabotage.cuts import Cut, CutMistaken, cut_python, cut_text, lua_cut, lua_sources
from tests.faults.sabotage.guards import GUARDS


def _cut(place: str, before: str, after: str) -> Cut:
    return Cut(language="lua", place=place, before=before, after=after)


@pytest.mark.parametrize("text", ["a guard", "twice twice"])
def test_what_does_not_stand_there_once_is_not_cut(text: str) -> None:
    with pytest.raises(CutMistaken, match=r"stands [02] times"):
        cut_text(text, [_cut("apply", "twice", "never")])


def test_a_cut_of_a_file_that_is_not_read_is_refused() -> None:
    with pytest.raises(CutMistaken, match="not read: gone"), lua_cut([_cut("gone", "a", "b")]):
        pass


def test_a_function_that_is_changed_is_so_for_whoever_has_it() -> None:
    had = cut_text
    cut = Cut(
        language="python", place=f"{cut_text.__module__}:_cut", before="if times != 1", after="if False"
    )
    before = had.__globals__["_cut"].__code__
    try:
        cut_python([cut])
        assert had("nothing of it", [_cut("apply", "twice", "never")]) == "nothing of it"
    finally:
        had.__globals__["_cut"].__code__ = before


def test_a_cut_changes_one_file_of_the_library() -> None:
    changed = lua_sources(["beat", "apply"], [_cut("beat", "local function beat", "local function heart")])
    assert "local function heart" in changed
    assert "local function apply" in changed


def test_guards_have_names_of_their_own_and_cut_something() -> None:
    assert all(guard.cuts and guard.sabotage for guard in GUARDS.values())
