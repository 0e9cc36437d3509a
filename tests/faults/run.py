"""Tries faults on a running stack under load, heals it, and checks that no promise was broken.

    python -m tests.faults.run --seed 7 --seconds 60 --faults kill strike link.cut

The same seed at the same commit tries the same faults in the same order.
"""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults import (
    clock_faults,
    damage_faults,
    disk_faults,
    failover_faults,
    hint_faults,
    link_faults,
    process_faults,
    rebuild_faults,
    restore_faults,
    store_faults,
    zombie_faults,
)
from tests.faults.arena import Arena
from tests.faults.history import records
from tests.faults.judging import Judging
from tests.faults.report import Report, commit_here
from tests.faults.steps import WITHOUT_EFFECT, Kind, Step, rotation, steps
from tests.faults.wellness import Unwell, Wellness

KINDS = {
    **process_faults.KINDS,
    **zombie_faults.KINDS,
    **store_faults.KINDS,
    **failover_faults.KINDS,
    **rebuild_faults.KINDS,
    **damage_faults.KINDS,
    **link_faults.KINDS,
    **hint_faults.KINDS,
}
# Only when asked for by name.
RARE_KINDS = {**restore_faults.KINDS, **disk_faults.KINDS, **clock_faults.KINDS}
_FAMILIES = sorted({name.split(".")[0] for name in (*KINDS, *RARE_KINDS)})
_AMOUNTS = ("clients", "batchers", "batch_size", "pairs", "pause_seconds")
_RECOVERY_SECONDS = 60.0
# For so long the load goes on once all is well again.
_AFTERMATH_SECONDS = 6.0
_SETTLING_SECONDS = 120.0
_STEPS_BETWEEN_LOOKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What to try: kinds of faults (none: no restores, clocks, full disks), for a time or so many of them."""

    seed: int = 1
    seconds: float = 60.0
    most: int = 10**9
    faults: tuple[str, ...] = ()
    loads: int = 1
    clients: int = 6
    batchers: int = 1
    batch_size: int = 8
    pairs: int = 1
    pause_seconds: float = 0.02
    small_disks: bool = False
    lease_seconds: float = 5.0
    # So many kinds, each once, in the place of random ones: the part of all kinds that is the seed's turn.
    rotation: int = 0


def run(settings: RunSettings, directory: Path) -> Report:
    """Try faults for the time given, heal, wait until all is well, check."""
    report = Report(seed=settings.seed, commit=commit_here(), settings=asdict(settings))
    began = time.monotonic()
    with disk_faults.small_disks(directory) if settings.small_disks else nullcontext():
        _run_on(arena_of(settings, directory), settings, report)
    report.seconds = time.monotonic() - began
    return report


def arena_of(settings: RunSettings, directory: Path) -> Arena:
    """Where the faults can be tried that the settings ask for."""
    has_clocks = bool(settings.rotation) or any(each.startswith("clock") for each in settings.faults)
    return Arena(directory, seed=settings.seed, lease_seconds=settings.lease_seconds, has_clocks=has_clocks)


def _run_on(arena: Arena, settings: RunSettings, report: Report) -> None:
    try:
        arena.start()
        judging = Judging(arena)
        amounts = {name: getattr(settings, name) for name in _AMOUNTS}
        arena.start_load(count=settings.loads, **amounts)
        try_faults(arena, report, settings, judging)
        healed_at = settle(arena, report)
        report.violations += judging.verdict(healed_at)
        report.checked_seconds = judging.seconds
        report.looked_at.update(judging.counted)
        for what, count in report.looked_at.items():
            _say(f"{count:9} {what}")
        _say(f"checked in {judging.seconds:.0f} s, with {judging.looks} looks at the read models")
        report.count_faults(arena.counts)
        report.count_calls(records(*arena.history_files))
    finally:
        arena.close()


def try_faults(arena: Arena, report: Report, settings: RunSettings, judging: Judging) -> None:
    """One fault after the other, each over before the next one begins."""
    wellness = Wellness(arena)
    kinds = {**KINDS, **RARE_KINDS}
    until = time.monotonic() + settings.seconds
    for step in _steps(settings, kinds):
        if time.monotonic() > until or step.number > settings.most:
            return
        if not step.kind.startswith("kill."):
            arena.ready()
        with kinds[step.kind].fault(arena, step) as what:
            _say(f"{until - time.monotonic():6.1f} s left, {step}: {what}")
            # No wait for anything: this is how long the fault lasts.
            time.sleep(step.hold_seconds)
            if step.number % _STEPS_BETWEEN_LOOKS == 0:
                judging.look()
            over_at = time.monotonic()
        report.tried[step.kind] += 1
        report.missed[step.kind] += what.endswith(WITHOUT_EFFECT)
        if step.is_waited_for:
            with _noting(report, step):
                wellness.wait(_RECOVERY_SECONDS)
                # With what it takes to start what was down.
                report.recoveries.setdefault(step.kind, []).append(time.monotonic() - over_at)


def _steps(settings: RunSettings, kinds: Mapping[str, Kind]) -> Iterator[Step]:
    if settings.rotation:
        possible = {name: kind for name, kind in kinds.items() if name not in disk_faults.KINDS}
        return rotation(settings.seed, possible, settings.rotation)
    return steps(settings.seed, kinds if settings.faults else KINDS, settings.faults)


@contextmanager
def _noting(report: Report, step: Step) -> Iterator[None]:
    try:
        yield
    except Unwell as unwell:
        report.violations.append(f"after step {step.number} ({step.kind}): {unwell}")


def settle(arena: Arena, report: Report) -> float:
    """Heal what is left, wait until all is well, let the load come to its end, and all catch up.

    Since when every call must be answered.
    """
    for name in arena.resume():
        report.violations.append(f"{name} was down after the last fault")
    report.violations += arena.oddities
    wellness = Wellness(arena)
    try:
        wellness.wait(_RECOVERY_SECONDS)
        healed_at = time.monotonic()
        arena.be_patient()
        # No wait for anything: what is sent meanwhile must all be answered.
        time.sleep(_AFTERMATH_SECONDS)
        arena.end_load()
        wellness.caught_up(_SETTLING_SECONDS)
        if arena.damaged:
            wellness.scrubbed(_SETTLING_SECONDS)
    except Unwell as unwell:
        report.violations.append(f"after all was healed: {unwell}")
        arena.end_load()
        return math.inf
    return healed_at


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the run's own output


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when no promise was broken, 1 when one was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to try faults")
    parser.add_argument("--most", type=int, default=10**9, help="the most faults to try")
    parser.add_argument("--faults", nargs="*", default=(), metavar="KIND", help=", ".join(_FAMILIES))
    parser.add_argument("--rotation", type=int, default=0, help="so many kinds once, the seed's part of all")
    parser.add_argument("--loads", type=int, default=1, help="processes that make load")
    parser.add_argument("--clients", type=int, default=6, help="clients of each that do all kinds of things")
    parser.add_argument("--batchers", type=int, default=1, help="clients of each that send batches")
    parser.add_argument("--batch-size", type=int, default=8, help="commands in a batch, on average")
    parser.add_argument("--pairs", type=int, default=1, help="clients of each that write and read that back")
    parser.add_argument("--pause-seconds", type=float, default=0.02, help="between a client's turns")
    parser.add_argument("--small-disks", action="store_true", help="as root: disks that can be filled")
    parser.add_argument("--lease-seconds", type=float, default=5.0, help="short ones for many zombies")
    parser.add_argument("--keep", type=Path, help="a directory to run in and to keep")
    options = vars(parser.parse_args(arguments))
    keep: Path | None = options.pop("keep")
    settings = RunSettings(**{**options, "faults": tuple(options["faults"])})
    with tempfile.TemporaryDirectory(prefix="diptych-faults-") as temporary:
        report = run(settings, keep or Path(temporary))
        if keep:
            report.save(keep)
    for line in report.lines():
        _say(line)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
