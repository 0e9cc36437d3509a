"""What was measured is told the same on the terminal, to programs and in the picture."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.measuring import Measured, Row
from bench.report import files, table
from bench.report.plot import plot

MACHINE = {"machine": "a machine", "taken at": "2026-01-01"}
BESIDE = Measured(
    row=Row(
        name="calls & answers", unit="calls/s", value="ours", floor="floor", floor_name="an <echo>", goal=1.5
    ),
    values=[3000, 2000, 4000],
    floors=[1000, 1000, 1000],
)
ALONE = Measured(
    row=Row(name="a wait", unit="ms", value="wait", goal=5, is_at_most=True), values=[7, 6, 8], floors=[]
)


def test_the_table_has_the_figure_and_below_it_what_stands_beside() -> None:
    lines = [" ".join(line.split()) for line in table.lines(MACHINE, [BESIDE, ALONE], ["a remark"])]
    assert lines[:2] == ["machine: a machine", "taken at: 2026-01-01"]
    assert "calls & answers 3,000 calls/s" in lines
    assert ": an <echo> 1,000 3.00 2.00 4.00 ≥ 1.5 met" in lines
    assert "a wait 7 ms 6 8 ≤ 5 not met" in lines
    assert lines[-1] == "a remark"


def test_the_file_has_a_row_a_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RESULTS", tmp_path)
    figures, picture = files.write_results(
        "latest", MACHINE, [BESIDE, ALONE], ["a remark"], {"a section": 0.4}
    )
    content = json.loads(figures.read_text(encoding="utf-8"))
    beside, alone = content["rows"]
    wanted = {
        "name": "calls & answers",
        "value": 3000,
        "unit": "calls/s",
        "floor": 1000,
        "ratio": 3,
        "goal": 1.5,
    }
    assert wanted.items() <= beside.items()
    assert beside["floor_name"] == "an <echo>"
    assert (alone["floor"], alone["floor_name"], alone["ratio"], alone["is_met"]) == (None, None, None, False)
    assert picture.is_file()


def test_the_picture_has_a_line_a_ratio() -> None:
    picture = ElementTree.fromstring(plot([BESIDE, ALONE], "a machine"))  # noqa: S314 - our own
    texts = [element.text for element in picture.iter() if element.text]
    assert "calls & answers" in texts
    assert "an <echo>" in texts
    assert len([element for element in picture.iter() if element.tag.endswith("circle")]) == 1
