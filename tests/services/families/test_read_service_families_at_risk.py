"""The watch of the families at risk: who comes, who changes, who leaves, and resuming."""

import random
from typing import Any

import pytest
from diptych.families.v1 import family_query_service_pb2 as queries

from read_service.changes import Standing
from read_service.families import at_risk
from tests import family_events as say
from tests.services.family_model import Families
from tests.services.family_read_models import family_service
from tests.services.order_read_models import ReadModels
from tests.services.watching import begin, following
from tests.valkey_server import TestValkey

AT_RISK = queries.WatchAtRiskFamiliesRequest(min_risk_score=70)


async def _families(watch: Any) -> tuple[dict[str, int], list[str]]:
    response = await following(watch)
    assert not response.heartbeat
    return {row.family_id: row.risk_score for row in response.families}, list(response.left_family_ids)


async def test_families_come_to_the_list_change_on_it_and_leave_it(models: ReadModels, stub: Any) -> None:
    await models.write(
        *(say.enrolled(id_) for id_ in ("a", "b", "c", "d")),
        *(say.risk(0, score, family_id=id_) for id_, score in (("a", 70), ("b", 100), ("c", 69))),
    )
    watch = begin(stub, AT_RISK)
    response = await following(watch)
    assert {row.family_id for row in response.families} == {"a", "b"}
    assert (list(response.left_family_ids), response.caught_up) == ([], True)
    await models.write(say.risk(69, 71, family_id="c"))
    assert await _families(watch) == ({"c": 71}, [])
    await models.write(say.contacted("2024-01-02", family_id="b"))
    assert await _families(watch) == ({"b": 100}, [])
    await models.write(say.risk(70, 69, family_id="a"))
    assert await _families(watch) == ({}, ["a"])
    await models.write(say.withdrawn("2024-02-01", family_id="b"))
    assert await _families(watch) == ({}, ["b"])
    # It was never on the list, so that its changes are not the watcher's business.
    await models.write(say.risk(0, 69, family_id="d"), say.withdrawn("2024-02-01", family_id="d"))
    await models.write(say.risk(71, 85, family_id="c"))
    assert await _families(watch) == ({"c": 85}, [])


async def test_a_follower_that_resumes_again_and_again_knows_every_family_at_risk(
    valkey: TestValkey, models: ReadModels
) -> None:
    dice = random.Random(37)  # noqa: S311 - a test's dice
    assert await _followed(valkey, models, dice) == []


async def test_a_follower_that_is_not_told_of_leavers_is_wrong(
    valkey: TestValkey, models: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin: families that left are taken for such that never were on the list."""
    monkeypatch.setattr(at_risk, "Standing", _OnOrNever)
    dice = random.Random(37)  # noqa: S311 - a test's dice
    assert await _followed(valkey, models, dice) != []


class _OnOrNever:
    ON_LIST = Standing.ON_LIST
    OFF_LIST = NEVER_ON_LIST = Standing.NEVER_ON_LIST


async def _followed(valkey: TestValkey, models: ReadModels, dice: random.Random) -> list[str]:
    """What a follower that keeps what it is told knows wrongly at the end."""
    families, known = Families(), dict[str, int]()
    ids = [f"f{number}" for number in range(12)]
    models.append(*families.take(*(say.enrolled(id_) for id_ in ids)))
    await models.catch_up()
    request = queries.WatchAtRiskFamiliesRequest()
    request.CopyFrom(AT_RISK)
    async with (
        family_service(valkey, heartbeat_seconds=0.05) as one,
        family_service(valkey, heartbeat_seconds=0.05) as other,
    ):
        for turn in range(40):
            watch = begin((one, other)[turn % 2], request)
            for _ in range(turn % 3 + 1):
                models.append(*families.take(*_changes(dice, families, ids)))
                await models.catch_up()
                _note(known, request, await following(watch))
            watch.cancel()
        token = models.token(models.position)
        while request.resume_from.token != token:
            watch = begin(one, request)
            _note(known, request, await following(watch))
            watch.cancel()
    expected = {id_: families.by_id[id_].version for id_ in families.at_risk(70)}
    return [id_ for id_ in ids if known.get(id_) != expected.get(id_)]


def _changes(dice: random.Random, families: Families, ids: list[str]) -> list[Any]:
    changed = []
    for id_ in dice.sample(ids, 3):
        if families.by_id[id_].withdrawn_on is None:
            score = dice.choice((0, 69, 70, 85))
            is_leaving = dice.random() < 0.02
            changed.append(
                say.withdrawn("2024-02-01", family_id=id_)
                if is_leaving
                else say.risk(families.by_id[id_].risk, score, family_id=id_)
            )
    return changed


def _note(known: dict[str, int], request: Any, response: Any) -> None:
    known.update({family.family_id: family.version for family in response.families})
    for id_ in response.left_family_ids:
        known.pop(id_, None)
    request.resume_from.CopyFrom(response.changes_through)
