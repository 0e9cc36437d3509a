"""The figures of many runs as a table: what was tried how often, how soon all was well again, what broke."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from tests.faults.report import Report

Reports = Mapping[str, Sequence[Report]]

_HEADINGS = ("kind of fault", "n", "well again: p50", "max", "of")
_TOTALS = ("kill -9", "Valkey losses", "Postgres crashes", "restores", "zombies", "commands")
_MORE_TOTALS = ("commands accepted", "token reads", "rebuilds killed on the way")


def as_text(reports: Reports) -> str:
    """For a terminal."""
    lines = [*_totals(reports), ""]
    rows = [_HEADINGS, *_rows(reports)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS))]
    for row in rows:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join((row[0].ljust(len(first)), *others)))
    return "\n".join([*lines, "", *_looked_at(reports), "", *_violations(reports)]) + "\n"


def as_markdown(reports: Reports) -> str:
    """For a document."""
    lines = ["| " + " | ".join(_HEADINGS) + " |", "|---|---:|---:|---:|---:|"]
    lines += ["| " + " | ".join(row) + " |" for row in _rows(reports)]
    totals, looked_at = ([f"- {line}" for line in its] for its in (_totals(reports), _looked_at(reports)))
    return "\n".join([*totals, "", *lines, "", *looked_at, "", *_violations(reports)]) + "\n"


def _all(reports: Reports) -> list[Report]:
    return [report for some in reports.values() for report in some]


def _totals(reports: Reports) -> Iterator[str]:
    every = _all(reports)
    counts: Counter[str] = sum((report.counts for report in every), Counter())
    for name in (*_TOTALS, *_MORE_TOTALS):
        yield f"{name}: {counts[name]:,}"
    runs = ", ".join(f"{len(some)} {name}" for name, some in reports.items() if some)
    commits = " ".join(sorted({report.commit for report in every if report.commit}))
    hours = sum(report.seconds for report in every) / 3600
    yield f"runs: {len(every)} ({runs}), {hours:.1f} hours, at {commits}"
    looked_at: Counter[str] = sum((report.looked_at for report in every), Counter())
    yield "seen: " + ", ".join(f"{count:,} {what}" for what, count in sorted(looked_at.items()))
    red = [report for report in every if report.violations]
    yield f"violations: {sum(len(report.violations) for report in red)} in {len(red)} runs"


def _rows(reports: Reports) -> Iterator[tuple[str, ...]]:
    every = _all(reports)
    tried: Counter[str] = sum((report.tried for report in every), Counter())
    missed: Counter[str] = sum((report.missed for report in every), Counter())
    for kind in sorted(tried):
        waits = [seconds for report in every for seconds in report.recoveries.get(kind, ())]
        well = (f"{median(waits):.2f} s", f"{max(waits):.1f} s") if waits else ("", "")
        yield (kind, str(tried[kind] - missed[kind]), *well, str(len(waits)))


def _looked_at(reports: Reports) -> Iterator[str]:
    """What there was to check; what never came about says so, since nothing was shown of it."""
    counted: Counter[str] = Counter()
    for report in _all(reports):
        counted.update(report.looked_at)
    for what, count in counted.items():
        yield f"{what}: {count:,}" if count else f"{what}: never"


def _violations(reports: Reports) -> Iterator[str]:
    for name, some in reports.items():
        for report in some:
            if report.violations:
                yield f"seed {report.seed} of {name}: {report.violations[0][:200]}"
