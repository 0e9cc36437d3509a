"""Random commands of the families domain: valid in form, sometimes refused by a rule."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from diptych.families.v1 import family_command_service_pb2 as commands
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from tests.faults.traffic import NEW_CHANCE, Command, Maker, Scene, context

_NAMES = ("Martinez", "Ångström", "O'Hara", "smith", "Smith", "Łukasz")


def openings(scene: Scene, chance: random.Random) -> Iterator[Command]:
    """What must be there first."""
    for family in scene.families:
        yield _enrolled(family, scene, chance)


def _enrolled(family: str, scene: Scene, chance: random.Random) -> Command:
    return _made(
        "EnrollFamily",
        family,
        scene,
        chance,
        family_name=chance.choice(_NAMES),
        enrollment_date=_day(chance),
        currency_code=chance.choice(("EUR", "USD")),
    )


def _enroll(scene: Scene, chance: random.Random) -> Command:
    return _enrolled(scene.new_name("f", chance), scene, chance)


def _child(scene: Scene, chance: random.Random) -> Command:
    birth = Date(year=chance.randint(2012, 2022), month=chance.randint(1, 12), day=chance.randint(1, 28))
    return _about("AddChild", scene, chance, name=chance.choice(("Lucia", "José", "Zoë")), birth_date=birth)


def _invoice(scene: Scene, chance: random.Random) -> Command:
    return _about(
        "IssueTuitionInvoice",
        scene,
        chance,
        invoice_id=scene.new_name("i", chance),
        amount_cents=chance.choice((1, 500, 45_000)),
        due_date=_day(chance),
    )


def _payment(scene: Scene, chance: random.Random) -> Command:
    return _about(
        "ReceivePayment",
        scene,
        chance,
        amount_cents=chance.choice((1, 499, 50_000)),
        received_date=_day(chance),
        payment_method=chance.choice(("card", "cash", "bank transfer")),
        transaction_id=scene.new_name("t", chance),
    )


def _engagement(scene: Scene, chance: random.Random) -> Command:
    return _about("UpdateEngagementScore", scene, chance, score=chance.randint(0, 100))


def _risk(scene: Scene, chance: random.Random) -> Command:
    return _about("UpdateRiskScore", scene, chance, score=chance.randint(0, 100))


def _intervention(scene: Scene, chance: random.Random) -> Command:
    return _about("RecommendIntervention", scene, chance, intervention="call", priority=chance.randint(1, 5))


def _coordinator(scene: Scene, chance: random.Random) -> Command:
    return _about("AssignCoordinator", scene, chance, coordinator=chance.choice(("Ada", "Bo")))


def _contact(scene: Scene, chance: random.Random) -> Command:
    return _about("RecordContact", scene, chance, date=_day(chance), method="phone")


def _login(scene: Scene, chance: random.Random) -> Command:
    return _about("RecordLogin", scene, chance, date=_day(chance))


def _hours(scene: Scene, chance: random.Random) -> Command:
    return _about("RecordVolunteerHours", scene, chance, hours=chance.randint(1, 5), date=_day(chance))


def _attendance(scene: Scene, chance: random.Random) -> Command:
    attended = chance.random() < 0.7
    return _about("RecordAttendance", scene, chance, event="picnic", attended=attended, date=_day(chance))


def _withdraw(scene: Scene, chance: random.Random) -> Command:
    return _about("WithdrawFamily", scene, chance, date=_day(chance), reason="moved")


MAKERS: Sequence[tuple[int, Maker]] = (
    (2, _enroll),
    (6, _child),
    (20, _invoice),
    (20, _payment),
    (10, _engagement),
    (16, _risk),
    (6, _intervention),
    (3, _coordinator),
    (4, _contact),
    (4, _login),
    (3, _hours),
    (3, _attendance),
    (1, _withdraw),
)


def _about(rpc: str, scene: Scene, chance: random.Random, **fields: Any) -> Command:
    family = chance.choice(scene.families)
    if f"family-{family}" not in scene.versions and chance.random() < NEW_CHANCE:
        return _enrolled(family, scene, chance)
    return _made(rpc, family, scene, chance, **fields)


def _made(rpc: str, family: str, scene: Scene, chance: random.Random, **fields: Any) -> Command:
    stream = f"family-{family}"
    request = getattr(commands, f"{rpc}Request")(
        context=context(scene, stream, chance), family_id=family, **fields
    )
    return Command(service="families", rpc=rpc, request=request, stream=stream)


def _day(chance: random.Random) -> Date:
    return Date(year=2026, month=chance.randint(1, 9), day=chance.randint(1, 28))
