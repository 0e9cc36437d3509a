"""Prints what a run did: a table by kind, what was refused or not taken by reason, and the speed."""

from rich.console import Console
from rich.table import Table

from command_line.importing.kinds import Kind
from command_line.importing.replay import Replayed
from command_line.importing.report import Outcomes, Report


def print_summary(console: Console, replayed: Replayed[Report], *lines: str) -> None:
    """Everything that was counted, the table first; `lines` are what the source adds."""
    report, seconds = replayed.report, max(replayed.seconds, 1e-9)
    console.print(_table(report))
    for reason, count in sorted(report.commands_refused.items()):
        console.print(f"{count:,} commands refused: {reason}", highlight=False)
    for line in lines:
        console.print(line, highlight=False)
    console.print(
        f"{report.answered:,} commands answered in {replayed.seconds:.1f} s: "
        f"{report.answered / seconds:,.0f} commands/s, {report.events:,} events written, "
        f"{report.events / seconds:,.0f} events/s",
        highlight=False,
        soft_wrap=True,
    )


def entries(report: Report, unit: str) -> str:
    """Entries read, taken and not taken, the latter by reason."""
    not_taken = report.entries_not_taken
    return "\n".join(
        (
            f"{report.entries_read:,} {unit} read, {report.entries_taken:,} taken, "
            f"{not_taken.total():,} not taken",
            *(f"  {count:,} {reason}" for reason, count in not_taken.most_common()),
        )
    )


def _table(report: Report) -> Table:
    table = Table("commands", "accepted", "before", "existing", "refused", "void")
    for column in table.columns:
        column.no_wrap = True
        column.justify = "left" if column is table.columns[0] else "right"
    for kind in sorted(report.outcomes, key=_place):
        table.add_row(str(kind), *_cells(report.outcomes[kind]))
    return table


def _place(kind: Kind) -> int:
    return list[Kind](type(kind)).index(kind)


def _cells(outcomes: Outcomes) -> list[str]:
    counts = (outcomes.accepted, outcomes.replayed, outcomes.existing, outcomes.refused, outcomes.void)
    return [f"{count:,}" for count in counts]
