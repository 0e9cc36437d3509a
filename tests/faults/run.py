"""Tries faults on a running stack under load, heals it, and checks that no promise was broken.

    python -m tests.faults.run --seed 7 --seconds 60 --faults kill strike link.cut

The same seed at the same commit tries the same faults in the same order.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.faults import (
    damage_faults,
    disk_faults,
    hint_faults,
    link_faults,
    process_faults,
    restore_faults,
    store_faults,
)
from tests.faults.arena import Arena
from tests.faults.history import records
from tests.faults.judging import Judging, shown
from tests.faults.process_faults import NOT_REACHED
from tests.faults.steps import Step, steps
from tests.faults.wellness import Unwell, Wellness

KINDS = {**process_faults.KINDS, **store_faults.KINDS, **link_faults.KINDS, **hint_faults.KINDS}
# Only when asked for by name.
RARE_KINDS = {**damage_faults.KINDS, **restore_faults.KINDS, **disk_faults.KINDS}
_FAMILIES = sorted({name.split(".")[0] for name in (*KINDS, *RARE_KINDS)})
_RECOVERY_SECONDS = 60.0
_SETTLING_SECONDS = 120.0
_STEPS_BETWEEN_LOOKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What to try: kinds of faults (none: all but damage by hand), for a time, or so many of them."""

    seed: int = 1
    seconds: float = 60.0
    most: int = 10**9
    faults: tuple[str, ...] = ()
    loads: int = 1
    clients: int = 6
    pause_seconds: float = 0.02
    small_disks: bool = False


@dataclass(slots=True)
class Report:
    """What a run did and found."""

    seed: int
    tried: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    recoveries: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    calls: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    healed_at: float = 0.0

    def lines(self) -> Iterator[str]:
        """The report for people."""
        for kind, count in sorted(self.tried.items()):
            waited = self.recoveries[kind]
            well = f"well after {median(waited):.2f} s, at most {max(waited):.2f} s" if waited else ""
            missed = f", {self.missed[kind]} without effect" if self.missed[kind] else ""
            yield f"{kind:44} {count:4}  {well}{missed}"
        calls = ", ".join(f"{count} {what}" for what, count in sorted(self.calls.items()))
        yield f"calls: {calls}"
        yield from (f"VIOLATION {violation}" for violation in shown(self.violations))
        yield f"seed {self.seed}: {sum(self.tried.values())} faults, {len(self.violations)} violations"


def run(settings: RunSettings, directory: Path) -> Report:
    """Try faults for the time given, heal, wait until all is well, check."""
    report = Report(seed=settings.seed)
    with disk_faults.small_disks(directory) if settings.small_disks else nullcontext():
        _run_on(Arena(directory, seed=settings.seed), settings, report)
    return report


def _run_on(arena: Arena, settings: RunSettings, report: Report) -> None:
    try:
        arena.start()
        judging = Judging(arena)
        arena.start_load(count=settings.loads, clients=settings.clients, pause_seconds=settings.pause_seconds)
        try_faults(arena, report, settings, judging)
        settle(arena, report)
        report.violations += judging.verdict(report.healed_at)
        for what, count in judging.counted.items():
            _say(f"{count:9} {what}")
        _say(f"checked in {judging.seconds:.0f} s, with {judging.looks} looks at the read models")
        _count_calls(arena, report)
    finally:
        arena.close()


def try_faults(arena: Arena, report: Report, settings: RunSettings, judging: Judging) -> None:
    """One fault after the other, each over before the next one begins."""
    wellness = Wellness(arena)
    kinds = {**KINDS, **RARE_KINDS} if settings.faults else KINDS
    # In the moment after damage was done a look would see the damage, not what is made of it.
    looks = not any(each.startswith("damage") for each in settings.faults)
    until = time.monotonic() + settings.seconds
    for step in steps(settings.seed, kinds, settings.faults):
        if time.monotonic() > until or step.number > settings.most:
            return
        with kinds[step.kind].fault(arena, step) as what:
            _say(f"{step}: {what}")
            # No wait for anything: this is how long the fault lasts.
            time.sleep(step.hold_seconds)
            if looks and step.number % _STEPS_BETWEEN_LOOKS == 0:
                judging.look()
            over_at = time.monotonic()
        report.tried[step.kind] += 1
        report.missed[step.kind] += what.endswith(NOT_REACHED)
        if step.is_waited_for:
            with _noting(report, step):
                wellness.wait(_RECOVERY_SECONDS)
                # With what it takes to start what was down.
                report.recoveries[step.kind].append(time.monotonic() - over_at)


@contextmanager
def _noting(report: Report, step: Step) -> Iterator[None]:
    try:
        yield
    except Unwell as unwell:
        report.violations.append(f"after step {step.number} ({step.kind}): {unwell}")


def settle(arena: Arena, report: Report) -> None:
    """Heal what is left, let the load come to its end, and wait until all is well and caught up."""
    report.healed_at = time.monotonic()
    for name in arena.resume():
        report.violations.append(f"{name} was down after the last fault")
    wellness = Wellness(arena)
    arena.end_load()
    try:
        wellness.wait(_RECOVERY_SECONDS)
        wellness.caught_up(_SETTLING_SECONDS)
    except Unwell as unwell:
        report.violations.append(f"after all was healed: {unwell}")


def _count_calls(arena: Arena, report: Report) -> None:
    for record in records(*arena.history_files):
        what = "commands" if record["command_id"] is not None else "reads"
        if record["kind"] != "invoke":
            report.calls[f"{what} {record['kind']}"] += 1
        if record["reason"] or record["kind"] == "info":
            report.calls[f"{record['code']}/{record['reason']}"] += 1


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the run's own output


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when no promise was broken, 1 when one was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to try faults")
    parser.add_argument("--most", type=int, default=10**9, help="the most faults to try")
    parser.add_argument("--faults", nargs="*", default=(), metavar="KIND", help=", ".join(_FAMILIES))
    parser.add_argument("--loads", type=int, default=1, help="processes that make load")
    parser.add_argument("--clients", type=int, default=6, help="clients of each")
    parser.add_argument("--pause-seconds", type=float, default=0.02, help="between a client's turns")
    parser.add_argument("--small-disks", action="store_true", help="as root: disks that can be filled")
    parser.add_argument("--keep", type=Path, help="a directory to run in and to keep")
    options = vars(parser.parse_args(arguments))
    keep: Path | None = options.pop("keep")
    settings = RunSettings(**{**options, "faults": tuple(options["faults"])})
    with tempfile.TemporaryDirectory(prefix="diptych-faults-") as temporary:
        report = run(settings, keep or Path(temporary))
        if keep:
            figures = {"seed": report.seed, "tried": report.tried, "healed_at": report.healed_at}
            (keep / "report.json").write_text(json.dumps(figures), encoding="utf-8")
    for line in report.lines():
        _say(line)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
