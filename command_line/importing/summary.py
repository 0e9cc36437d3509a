"""Prints what an import did: a table by kind, the lines not taken by reason, and the speed."""

from rich.console import Console
from rich.table import Table

from command_line.importing.planned import Kind
from command_line.importing.replay import Replayed
from command_line.importing.report import Outcomes, Report


def print_summary(console: Console, replayed: Replayed) -> None:
    """Everything that was counted, the table first."""
    report, seconds = replayed.report, max(replayed.seconds, 1e-9)
    console.print(_table(report))
    for reason, count in sorted(report.commands_refused.items()):
        console.print(f"{count:,} commands refused: {reason}", highlight=False)
    console.print(_lines(report), highlight=False)
    console.print(
        f"{report.answered:,} commands answered in {replayed.seconds:.1f} s: "
        f"{report.answered / seconds:,.0f} commands/s, {report.events:,} events written, "
        f"{report.events / seconds:,.0f} events/s",
        highlight=False,
        soft_wrap=True,
    )


def _table(report: Report) -> Table:
    table = Table("commands", "accepted", "before", "existing", "refused", "void")
    for column in table.columns:
        column.no_wrap = True
        column.justify = "left" if column is table.columns[0] else "right"
    for kind in Kind:
        if kind in report.outcomes:
            table.add_row(str(kind), *_cells(report.outcomes[kind]))
    return table


def _cells(outcomes: Outcomes) -> list[str]:
    counts = (outcomes.accepted, outcomes.replayed, outcomes.existing, outcomes.refused, outcomes.void)
    return [f"{count:,}" for count in counts]


def _lines(report: Report) -> str:
    not_taken = report.lines_not_taken
    return "\n".join(
        (
            f"{report.lines_read:,} lines read, {report.lines_taken:,} taken, "
            f"{not_taken.total():,} not taken",
            *(f"  {count:,} {reason}" for reason, count in not_taken.most_common()),
            f"{report.invoices_read:,} invoices read, {report.invoices_lost:,} without a line taken",
        )
    )
