"""A soak counts what was tried, goes on where another one stopped, and begins with what is most behind."""

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.campaigns import CAMPAIGNS, Campaign, least_done
from tests.faults.report import Report
from tests.faults.run import KINDS, RARE_KINDS
from tests.faults.soak import main
from tests.faults.soak_table import as_markdown, as_text
from tests.faults.steps import steps


def _report(seed: int, *violations: str) -> Report:
    report = Report(seed=seed, commit="abc", violations=list(violations))
    report.tried.update({"valkey.flush": 3, "postgres.crash": 2, "postgres.backend_kill": 2})
    report.missed.update({"postgres.backend_kill": 1})
    report.recoveries["valkey.flush"] = [0.5, 2.0, 1.0]
    report.count_faults({"kill -9": 7})
    return report


def test_faults_count_by_their_kind_where_they_had_an_effect() -> None:
    assert _report(1).counts == {"kill -9": 7, "Valkey losses": 3, "Postgres crashes": 3}


def test_calls_of_unknown_outcome_and_reads_without_a_token_do_not_count() -> None:
    report = Report(seed=1)
    fields = {"reason": None, "code": "OK", "command_id": None, "token_in": None}
    report.count_calls(
        {**fields, **each}
        for each in (
            {"kind": "ok", "command_id": "1"},
            {"kind": "fail", "command_id": "1"},
            {"kind": "info", "command_id": "1"},
            {"kind": "ok"},
            {"kind": "ok", "token_in": {}},
            {"kind": "fail", "token_in": {}},
        )
    )
    assert report.counts == {"commands": 2, "commands accepted": 1, "token reads": 1}


def test_a_report_is_what_was_saved(tmp_path: Path) -> None:
    assert Report.load(tmp_path) is None
    _report(4, "C1 gone").save(tmp_path)
    assert Report.load(tmp_path) == _report(4, "C1 gone")


def test_the_campaign_that_is_furthest_behind_comes_next() -> None:
    nothing = {campaign.name: Counter[str]() for campaign in CAMPAIGNS}
    assert least_done(CAMPAIGNS, nothing, is_endless=False) is CAMPAIGNS[0]
    reached = {campaign.name: Counter(campaign.goals) for campaign in CAMPAIGNS}
    assert least_done(CAMPAIGNS, reached, is_endless=False) is None
    assert least_done(CAMPAIGNS, reached, is_endless=True) is not None
    reached["restores"] = Counter()
    next_one = least_done(CAMPAIGNS, reached, is_endless=False)
    assert next_one is not None
    assert next_one.name == "restores"


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=lambda campaign: campaign.name)
def test_a_campaign_names_faults_that_there_are(campaign: Campaign) -> None:
    arguments = list(campaign.arguments)
    wanted = arguments[arguments.index("--faults") + 1 :] if "--faults" in arguments else []
    for name in wanted:
        assert next(steps(1, {**KINDS, **RARE_KINDS}, [name]))


def test_tables_add_up_runs_of_earlier_days_and_tell_of_red_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, report in {"losses-00001": _report(1), "losses-00002": _report(2, "C1 gone")}.items():
        (tmp_path / name).mkdir()
        report.save(tmp_path / name)
    assert main(["--table", "--directory", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "kill -9: 14" in said
    assert "violations: 1 in 1 runs" in said
    assert "seed 2 of losses: C1 gone" in said
    reports = {"losses": [_report(1), _report(2, "C1 gone")]}
    assert "| valkey.flush | 6 | 1.00 s | 2.0 s | 6 |" in as_markdown(reports)
    assert "postgres.backend_kill" in as_text(reports)
