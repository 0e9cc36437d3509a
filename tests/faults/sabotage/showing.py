"""The table of trials: what each guard's absence broke and which check saw it, and what its presence did."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.faults.checker.findings import Violation
from tests.faults.sabotage.guards import Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One trial: of the product as it is, or without the guard."""

    guard: Guard
    is_cut: bool
    seconds: float
    violations: Sequence[Violation]


_trials: list[Shown] = []
_HEAD = (
    "| without the guard | what was done | found | by | for example | after (median) | with it |",
    "|---|---|---|---|---|---|---|",
)


def note(trial: Shown) -> None:
    """A trial is over."""
    _trials.append(trial)


def shown() -> list[str]:
    """The table for people at a terminal."""
    return [line for trials in _by_guard() for line in _lines(trials)]


def write_markdown(place: Path) -> None:
    """The table for a document."""
    rows = [_row(trials) for trials in _by_guard()]
    place.write_text("\n".join((*_HEAD, *rows)) + "\n", encoding="utf-8")


def _by_guard() -> list[list[Shown]]:
    names = dict.fromkeys(trial.guard.name for trial in _trials)
    return [[trial for trial in _trials if trial.guard.name == name] for name in names]


def _lines(trials: Sequence[Shown]) -> list[str]:
    guard, cut = trials[0].guard, _cut(trials)
    found = f"  found by {_checks(cut)}, for example: {_example(cut):.150}"
    return [f"{guard.name}: {guard.sabotage}: {_caught(cut)}; with it {_kept(trials)}", found]


def _row(trials: Sequence[Shown]) -> str:
    guard, cut = trials[0].guard, _cut(trials)
    seconds = f"{median(trial.seconds for trial in cut):.1f} s" if cut else ""
    # A bar would end the cell.
    example = f"{_example(cut):.150}".replace("|", "/")
    cells = (guard.name, guard.sabotage, _caught(cut), _checks(cut), example, seconds, _kept(trials))
    return f"| {' | '.join(cells)} |"


def _cut(trials: Sequence[Shown]) -> list[Shown]:
    return [trial for trial in trials if trial.is_cut]


def _caught(cut: Sequence[Shown]) -> str:
    return f"{sum(bool(trial.violations) for trial in cut)} of {len(cut)}"


def _checks(cut: Sequence[Shown]) -> str:
    return ", ".join(sorted({violation.check for trial in cut for violation in trial.violations}))


def _example(cut: Sequence[Shown]) -> str:
    return next((violation.what for trial in cut for violation in trial.violations), "nothing")


def _kept(trials: Sequence[Shown]) -> str:
    guarded = [trial for trial in trials if not trial.is_cut]
    return f"{sum(len(trial.violations) for trial in guarded)} violations in {len(guarded)}"
