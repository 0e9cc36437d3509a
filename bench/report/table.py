"""The figures as a table on the terminal."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from bench.measuring import Measured


def print_table(
    console: Console, machine: Mapping[str, str], measured: Sequence[Measured], missing: Sequence[str]
) -> None:
    """Machine first, then every figure beside what it is measured against, then what was not measured."""
    for name, value in machine.items():
        console.print(f"{name}: {value}")
    table = Table("figure", "value", "beside", "its value", "ratio", "min", "max", "goal", "")
    for column in table.columns[1:]:
        column.justify = "right"
    table.columns[2].justify = "left"
    for each in measured:
        table.add_row(*_cells(each))
    console.print(table)
    for line in missing:
        console.print(line)


def _cells(each: Measured) -> tuple[str, ...]:
    row = each.row
    goal = "" if row.goal is None else f"{'≤' if row.is_at_most else '≥'} {row.goal:g}"
    met = {True: "met", False: "not met", None: ""}[each.is_met]
    shown = f"{number(each.value)} {row.unit}"
    if each.ratio is None or each.floor is None:
        return row.name, shown, "", "", "", number(min(each.values)), number(max(each.values)), goal, met
    low, high = each.ratios[0], each.ratios[-1]
    return (
        *(row.name, shown, row.floor_name, number(each.floor)),
        *(f"{each.ratio:.2f}", f"{low:.2f}", f"{high:.2f}", goal, met),
    )


def number(value: float) -> str:
    """Three digits or more, thousands with commas."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
