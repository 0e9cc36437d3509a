"""What a run did and found: for people as lines, for later as JSON."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from statistics import median
from typing import Any

from tests.faults.history import Record

_FILE = "report.json"
# Of one kind of finding a report shows so many.
_MOST_SHOWN = 5
# What is counted by the kinds of faults that were tried, each once.
_BY_KIND = {
    "Valkey losses": (
        *("valkey.crash", "valkey.torn_tail", "valkey.empty", "valkey.old_data", "valkey.flush"),
        *("valkey.failover", "damage"),
    ),
    "Postgres crashes": ("postgres.crash", "postgres.backend_kill"),
    "restores": ("restore",),
}


@dataclass(slots=True, kw_only=True)
class Report:
    """`tried` and `missed` (tried without effect) by the kind of fault, recoveries in seconds by it.

    `counts` are what promises are measured by: signals, losses, crashes, commands, reads with a token.
    """

    seed: int
    commit: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    # How much each check had to look at, and how often what is rare came about, also what never did.
    looked_at: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    checked_seconds: float = 0.0

    def count_faults(self, noted: Mapping[str, int]) -> None:
        """Add what faults noted themselves, and what follows from their kinds."""
        self.counts.update(noted)
        for name, kinds in _BY_KIND.items():
            for kind, tried in self.tried.items():
                if any(kind == each or kind.startswith(f"{each}.") for each in kinds):
                    self.counts[name] += tried - self.missed[kind]

    def count_calls(self, records: Iterable[Record]) -> None:
        """Add what clients asked and were told; one of unknown outcome is not counted."""
        for record in records:
            what = "commands" if record["command_id"] is not None else "reads"
            if record["kind"] != "invoke":
                self.calls[f"{what} {record['kind']}"] += 1
            if record["reason"] or record["kind"] == "info":
                self.calls[f"{record['code']}/{record['reason']}"] += 1
            if record["kind"] in ("ok", "fail") and what == "commands":
                self.counts["commands"] += 1
                self.counts["commands accepted"] += record["kind"] == "ok"
            elif record["kind"] == "ok" and record["token_in"] is not None:
                self.counts["token reads"] += 1

    def lines(self) -> Iterator[str]:
        """The report for people."""
        for kind, count in sorted(self.tried.items()):
            waited = self.recoveries.get(kind)
            well = f"well after {median(waited):.2f} s, at most {max(waited):.2f} s" if waited else ""
            missed = f", {self.missed[kind]} without effect" if self.missed[kind] else ""
            yield f"{kind:44} {count:4}  {well}{missed}"
        yield f"calls: {_listed(self.calls)}"
        yield f"counts: {_listed(self.counts)}"
        yield from (f"VIOLATION {violation}" for violation in _shown(self.violations))
        yield f"seed {self.seed}: {sum(self.tried.values())} faults, {len(self.violations)} violations"

    def save(self, directory: Path) -> None:
        """Keep it in a directory; whoever finds the file finds it whole."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        unfinished = directory / f"{_FILE}.part"
        unfinished.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        unfinished.replace(directory / _FILE)

    @classmethod
    def load(cls, directory: Path) -> "Report | None":
        """What `save` kept there, None where there is nothing."""
        try:
            found = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        for name in ("tried", "missed", "counts", "calls", "looked_at"):
            found[name] = Counter(found.get(name, {}))
        return cls(**found)


def commit_here() -> str:
    """The commit that runs, with a plus where files differ from it; empty outside of a repository."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--exclude=*", "--dirty=+"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return described.stdout.strip()


def _listed(counter: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counter.items()))


def _shown(violations: list[str]) -> list[str]:
    """A few of each check."""
    seen: Counter[str] = Counter()
    chosen = []
    for violation in violations:
        check = violation.split(" ", 1)[0]
        seen[check] += 1
        if seen[check] <= _MOST_SHOWN:
            chosen.append(violation)
    return [*chosen, *(f"{check}: {count} in all" for check, count in seen.items() if count > _MOST_SHOWN)]
