"""The figures as a table of plain text."""

from collections.abc import Iterator, Mapping, Sequence

from bench.measuring import Measured

_MET = {True: "met", False: "not met", None: ""}
_COLUMNS = "{:64}{:>12}  {:12}{:>7}{:>8}{:>8}  {:8}{}"


def lines(machine: Mapping[str, str], measured: Sequence[Measured], remarks: Sequence[str]) -> Iterator[str]:
    """Machine first, then every figure and below it what it is measured against, then remarks."""
    for name, value in machine.items():
        yield f"{name}: {value}"
    yield ""
    yield _COLUMNS.format("", "", "", "ratio", "min", "max", "goal", "")
    shown = ""
    for each in measured:
        if each.row.name != shown:
            shown = each.row.name
            yield from _figure(each)
        if each.ratio is not None:
            yield _beside(each)
    yield ""
    yield from remarks


def _figure(each: Measured) -> Iterator[str]:
    if each.ratio is not None:
        yield _COLUMNS.format(each.row.name, number(each.value), each.row.unit, "", "", "", "", "").rstrip()
        return
    low, high = number(min(each.values)), number(max(each.values))
    goal, met = _goal(each), _MET[each.is_met]
    yield _COLUMNS.format(each.row.name, number(each.value), each.row.unit, "", low, high, goal, met).rstrip()


def _beside(each: Measured) -> str:
    assert each.ratio is not None
    assert each.floor is not None
    ratios = (f"{ratio:.2f}" for ratio in (each.ratio, each.ratios[0], each.ratios[-1]))
    return _COLUMNS.format(
        f"  : {each.row.floor_name}", number(each.floor), "", *ratios, _goal(each), _MET[each.is_met]
    ).rstrip()


def _goal(each: Measured) -> str:
    if each.row.goal is None:
        return ""
    return f"{'≤' if each.row.is_at_most else '≥'} {each.row.goal:g}"


def number(value: float) -> str:
    """Three digits or more, thousands with commas."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
