"""Cuts in the product's own text: SQL, Lua and Python, each where it stands exactly once."""

import importlib
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from types import FunctionType
from typing import Any, Literal

Language = Literal["sql", "lua", "python"]

_ROOT = Path(__file__).parents[3]
_LUA = _ROOT / "read_store" / "lua"
_SQL = _ROOT / "event_store" / "sql" / "functions"


class CutMistaken(Exception):
    """What is to be cut does not stand there exactly once: the twin would prove nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Text of one place put in the place of other text.

    `place` is a file of read_store/lua or event_store/sql/functions without its ending, or a function of
    Python as module:qualified.name.
    """

    language: Language
    place: str
    before: str
    after: str


def cut_text(text: str, cuts: Sequence[Cut]) -> str:
    """The text after all of the cuts; raises CutMistaken."""
    return reduce(_cut, cuts, text)


def sql_function(name: str, cuts: Sequence[Cut]) -> str:
    """The definition of a function of the log, after the cuts that are about it."""
    return cut_text((_SQL / f"{name}.sql").read_text("utf-8"), _about(cuts, "sql", name))


def changed_sql_functions(cuts: Sequence[Cut]) -> list[str]:
    """The definitions of all functions that the cuts are about."""
    names = sorted({cut.place for cut in cuts if cut.language == "sql"})
    return [sql_function(name, cuts) for name in names]


@contextmanager
def lua_cut(cuts: Sequence[Cut]) -> Iterator[None]:
    """Within the block the files of the library are read as they are after the cuts, each at least once.

    The read store must not be imported before it: it composes its library as it is imported.
    """
    original, read = Path.read_text, set[str]()

    def read_text(path: Path, *arguments: Any, **options: Any) -> str:
        text = original(path, *arguments, **options)
        if path.parent != _LUA:
            return text
        read.add(path.stem)
        return cut_text(text, _about(cuts, "lua", path.stem))

    # The one place that all of them come through.
    Path.read_text = read_text  # type: ignore[assignment] # takes what the original takes
    try:
        yield
    finally:
        Path.read_text = original  # type: ignore[method-assign] # as it was
    missing = {cut.place for cut in cuts if cut.language == "lua"} - read
    if missing:
        raise CutMistaken(f"not read: {', '.join(sorted(missing))}")


def lua_sources(names: Sequence[str], cuts: Sequence[Cut]) -> str:
    """The library's functions of these names after the cuts."""
    return "\n".join(
        cut_text((_LUA / f"{name}.lua").read_text("utf-8"), _about(cuts, "lua", name)) for name in names
    )


def cut_python(cuts: Sequence[Cut]) -> None:
    """Changes functions of this process, for everybody who has them; raises CutMistaken."""
    places = sorted({cut.place for cut in cuts if cut.language == "python"})
    for place in places:
        function = _function(place)
        source = textwrap.dedent(inspect.getsource(function))
        scope = dict(function.__globals__)
        exec(compile(cut_text(source, _about(cuts, "python", place)), place, "exec"), scope)  # noqa: S102
        # Not the name but what it stands for: others have imported the name already.
        function.__code__ = scope[function.__name__].__code__


def _function(place: str) -> FunctionType:
    module, _, path = place.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    if not isinstance(found, FunctionType):
        raise CutMistaken(f"{place} is no function")
    return found


def _about(cuts: Sequence[Cut], language: Language, place: str) -> list[Cut]:
    return [cut for cut in cuts if (cut.language, cut.place) == (language, place)]


def _cut(text: str, cut: Cut) -> str:
    times = text.count(cut.before)
    if times != 1:
        raise CutMistaken(f"stands {times} times in {cut.place}: {cut.before!r}")
    return text.replace(cut.before, cut.after)
