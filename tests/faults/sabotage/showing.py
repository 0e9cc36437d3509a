"""The table of trials: what each guard's absence broke and which check saw it, and what its presence did."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def note(trial: Shown) -> None:
    """A trial is over."""
    _trials.append(trial)


def shown() -> list[str]:
    """The table, a line a guard."""
    names = list(dict.fromkeys(trial.guard.name for trial in _trials))
    return [line for name in names for line in _lines([each for each in _trials if each.guard.name == name])]


def _lines(trials: Sequence[Shown]) -> list[str]:
    guarded = [trial for trial in trials if not trial.is_cut]
    found = sum(len(trial.violations) for trial in guarded)
    first = f"{trials[0].guard.name}: {found} violations in {len(guarded)} runs with it"
    return [first, *(_of_a_twin(trial) for trial in trials if trial.is_cut)]


def _of_a_twin(trial: Shown) -> str:
    checks = sorted({violation.check for violation in trial.violations})
    example = trial.violations[0].what if trial.violations else "nothing"
    return f"  {trial.guard.sabotage}: {', '.join(checks)} after {trial.seconds:.1f} s: {example:.150}"
