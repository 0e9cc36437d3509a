"""The figures as files: JSON for programs, SVG for docs/performance.md."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measuring import Measured
from bench.programs import ROOT
from bench.report.plot import plot

RESULTS = ROOT / "bench" / "results"


def write_results(
    name: str,
    machine: Mapping[str, str],
    measured: Sequence[Measured],
    missing: Sequence[str],
    busy: Mapping[str, float],
) -> tuple[Path, Path]:
    """Write `<name>.json` and `<name>.svg`; where they are."""
    RESULTS.mkdir(exist_ok=True)
    figures, picture = RESULTS / f"{name}.json", RESULTS / f"{name}.svg"
    content = {
        "machine": machine,
        "load_generator_busy": busy,
        "rows": [_row(each) for each in measured],
        "missing": list(missing),
    }
    figures.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    picture.write_text(plot(measured, f"{machine['machine']}, {machine['taken at']}"), encoding="utf-8")
    return figures, picture


def _row(each: Measured) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": each.row.name,
        "value": _rounded(each.value),
        "unit": each.row.unit,
        "floor": _rounded(each.floor),
        "floor_name": each.row.floor_name or None,
        "ratio": _rounded(each.ratio),
        "goal": each.row.goal,
        "goal_is": "at most" if each.row.is_at_most else "at least",
        "is_met": each.is_met,
        "repeats": len(each.values),
    }
    if each.ratio is not None:
        row["ratio_min"], row["ratio_max"] = _rounded(each.ratios[0]), _rounded(each.ratios[-1])
    else:
        row["value_min"], row["value_max"] = _rounded(min(each.values)), _rounded(max(each.values))
    return row


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")
