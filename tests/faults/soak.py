"""Many seeded runs side by side until the figures are reached that the promises are published with.

    python -m tests.faults.soak --minutes 60 --parallel 3

Each run has a directory of its own under --directory, where those of earlier days count too. Of a run that
kept all promises only its report stays, of another one everything.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.campaigns import CAMPAIGNS, Campaign, least_done
from tests.faults.report import Report, commit_here
from tests.faults.soak_table import as_markdown, as_text

_MOST_SECONDS = 1_200.0
_LOOK_SECONDS = 0.5
_SEED_PLACES = 5


@dataclass(slots=True)
class _Run:
    """One subprocess."""

    campaign: Campaign
    directory: Path
    process: "subprocess.Popen[bytes]"
    began: float = field(default_factory=time.monotonic)


class Soak:
    """Starts runs, takes in their reports, and knows what is still to be shown."""

    def __init__(self, directory: Path, campaigns: Sequence[Campaign], parallel: int) -> None:
        self._directory = directory
        self._campaigns = campaigns
        self._parallel = parallel
        self._running: list[_Run] = []
        self._seed = 0
        self.reports: dict[str, list[Report]] = {campaign.name: [] for campaign in CAMPAIGNS}
        directory.mkdir(parents=True, exist_ok=True)
        self._take_in_earlier_runs()

    def work(self, until: float, *, is_endless: bool) -> None:
        """Run until then, or until all figures are reached; what has begun by then is brought to its end."""
        try:
            while self._start_what_is_due(until, is_endless=is_endless) or self._running:
                # No wait for anything in particular: runs take minutes.
                time.sleep(_LOOK_SECONDS)
                for run in tuple(self._running):
                    if run.process.poll() is not None or time.monotonic() - run.began > _MOST_SECONDS:
                        self._end(run)
        finally:
            self._abandon()

    def counts(self, *, with_running: bool = False) -> dict[str, Counter[str]]:
        """What each campaign has come to; runs under way are taken for as good as the average one."""
        found: dict[str, Counter[str]] = {}
        for name, reports in self.reports.items():
            found[name] = Counter(runs=len(reports))
            for report in reports:
                found[name].update(report.counts)
        if with_running:
            for run in self._running:
                found[run.campaign.name].update(run.campaign.expected)
        return found

    def _start_what_is_due(self, until: float, *, is_endless: bool) -> bool:
        if time.monotonic() >= until or len(self._running) >= self._parallel:
            return False
        campaign = least_done(self._campaigns, self.counts(with_running=True), is_endless=is_endless)
        if campaign is None:
            return False
        self._seed += 1
        directory = self._directory / f"{campaign.name}-{self._seed:0{_SEED_PLACES}}"
        directory.mkdir()
        with (directory / "run.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.faults.run", "--seed", str(self._seed)),
                    *("--keep", str(directory), *campaign.arguments),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(_Run(campaign, directory, process))
        return True

    def _end(self, run: _Run) -> None:
        self._running.remove(run)
        if run.process.poll() is None:
            run.process.kill()
        run.process.wait()
        report = Report.load(run.directory)
        if report is None:
            report = Report(seed=int(run.directory.name.rpartition("-")[2]), commit=commit_here())
            report.violations.append(f"broken off: {_last_line(run.directory / 'run.log')}")
            report.save(run.directory)
        self.reports[run.campaign.name].append(report)
        if not report.violations:
            _forget_all_but_the_report(run.directory)
        spent = time.monotonic() - run.began
        verdict = f"{len(report.violations)} violations" if report.violations else "green"
        _say(f"{run.directory.name}: {verdict} after {spent:.0f} s, {_progress(self.counts())}")
        for violation in report.violations[:3]:
            _say(f"    {violation[:300]}")
        self.write_tables()

    def _abandon(self) -> None:
        for run in self._running:
            # As from a keyboard: it takes down what it has started.
            run.process.send_signal(signal.SIGINT)
        for run in self._running:
            run.process.wait()
            shutil.rmtree(run.directory, ignore_errors=True)

    def _take_in_earlier_runs(self) -> None:
        for place in sorted(self._directory.iterdir()):
            name, _, seed = place.name.rpartition("-")
            if name not in self.reports or not seed.isdigit():
                continue
            self._seed = max(self._seed, int(seed))
            report = Report.load(place)
            if report is not None:
                self.reports[name].append(report)
            else:
                # Its soak was broken off, or another one is at it: it is not ours to say.
                _say(f"{place.name} has no report")

    def write_tables(self) -> None:
        """The tables so far, as files beside the runs."""
        (self._directory / "table.txt").write_text(as_text(self.reports), encoding="utf-8")
        (self._directory / "table.md").write_text(as_markdown(self.reports), encoding="utf-8")


def _progress(counts: dict[str, Counter[str]]) -> str:
    total: Counter[str] = sum(counts.values(), Counter())
    return ", ".join(f"{count:,} {what}" for what, count in _goals(total))


def _goals(total: Counter[str]) -> Iterator[tuple[str, int]]:
    names = dict.fromkeys(name for campaign in CAMPAIGNS for name in campaign.goals)
    return ((name, total[name]) for name in names)


def _forget_all_but_the_report(directory: Path) -> None:
    for place in directory.iterdir():
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        elif place.suffix == ".log" and place.name != "run.log":
            place.unlink()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the command's own output


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when no run broke a promise, 1 when one did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=24 * 60.0, help="no run begins after that")
    parser.add_argument("--parallel", type=int, default=3, help="runs side by side")
    parser.add_argument("--goals", action="store_true", help="stop as soon as all figures are reached")
    parser.add_argument("--directory", type=Path, default=Path(".diptych-soak"))
    parser.add_argument(
        "--only", nargs="*", metavar="CAMPAIGN", help=", ".join(each.name for each in CAMPAIGNS)
    )
    parser.add_argument("--table", action="store_true", help="print what there is and start nothing")
    options = parser.parse_args(arguments)
    # A shell that starts it in the background has it ignored, here and in the runs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = [each for each in CAMPAIGNS if not options.only or each.name in options.only]
    soak = Soak(options.directory, wanted, options.parallel)
    if not options.table:
        with suppress(KeyboardInterrupt):
            soak.work(time.monotonic() + options.minutes * 60, is_endless=not options.goals)
    soak.write_tables()
    _say(as_text(soak.reports))
    return int(any(report.violations for reports in soak.reports.values() for report in reports))


if __name__ == "__main__":
    sys.exit(main())
