"""What the demo adds about families: one at risk, one that left, one that pays on time, months of tuition."""

from collections.abc import Iterator, Sequence
from datetime import date

from diptych.families.v1.scores_pb2 import ScoreFactor

from command_line.importing.family_script import FamilyScript
from command_line.importing.planned import Command

CURRENCY = "USD"
_AMOUNT_CENTS = 45_000
_MONTHS = (date(2025, 1, 15), date(2025, 2, 15), date(2025, 3, 15), date(2025, 4, 15))
_ENROLLED = date(2024, 9, 2)
_JUDGED = date(2025, 4, 30)


def demo_families() -> Iterator[Sequence[Command]]:
    """A group a family; the groups have nothing to do with each other."""
    yield tuple(_mueller(_script("demo-mueller")))
    yield tuple(_okafor(_script("demo-okafor")))
    yield tuple(_nunez(_script("demo-nunez")))
    yield tuple(_tanaka(_script("demo-tanaka")))


def _script(family_id: str) -> FamilyScript:
    return FamilyScript(key=f"demo/{family_id}", family_id=family_id)


def _mueller(script: FamilyScript) -> Iterator[Command]:
    """Pays on time, once too much, and takes part."""
    yield _enroll(script, "Müller", "Zoë Müller")
    yield script.child("Jonas", date(2014, 5, 9))
    yield script.child("Émilie", date(2017, 11, 23))
    yield from _tuition(script, {0: (_MONTHS[0], 2 * _AMOUNT_CENTS), 2: (_MONTHS[2], _AMOUNT_CENTS)})
    yield script.login(date(2025, 4, 28))
    yield script.hours(date(2025, 4, 12), 6)
    yield script.attendance(date(2025, 4, 5), "Science fair", attended=True)
    yield script.engagement(_JUDGED, 88, _factors(event_attendance=50, volunteer_hours=38))
    yield script.risk(_JUDGED, 5, _factors(unpaid_tuition=5))


def _okafor(script: FamilyScript) -> Iterator[Command]:
    """Is about to leave: pays late or not at all, and was not seen for long."""
    yield _enroll(script, "Okafor", "Chidi Okafor")
    yield script.child("Ada", date(2012, 2, 29))
    yield from _tuition(script, {0: (date(2025, 2, 3), _AMOUNT_CENTS), 1: (date(2025, 3, 20), 20_000)})
    yield script.attendance(date(2025, 4, 5), "Science fair", attended=False)
    yield script.engagement(_JUDGED, 15, _factors(logins=15))
    yield script.risk(date(2025, 3, 31), 55, _factors(late_payments=30, low_engagement=25))
    yield script.risk(_JUDGED, 91, _factors(unpaid_tuition=56, low_engagement=35))
    yield script.intervention("Offer a payment plan", 5, date(2025, 7, 1))
    yield script.channel("phone")
    yield script.coordinator("Sarah Lindqvist")
    yield script.contact(date(2025, 4, 22), "phone")


def _nunez(script: FamilyScript) -> Iterator[Command]:
    """Left before the last invoice was due, so that it is not owed any more."""
    yield _enroll(script, "Núñez", "Inés Núñez")
    yield script.child("Ángel", date(2016, 8, 1))
    yield from _tuition(script, {0: (_MONTHS[0], _AMOUNT_CENTS), 1: (_MONTHS[1], _AMOUNT_CENTS)})
    yield script.risk(date(2025, 3, 31), 72, _factors(unpaid_tuition=42, low_engagement=30))
    yield script.intervention("Call the parents", 3, None)
    yield script.withdraw(date(2025, 4, 10), "moved away")


def _tanaka(script: FamilyScript) -> Iterator[Command]:
    """Pays, but always late."""
    yield _enroll(script, "Tanaka", "Yuki Tanaka")
    yield script.child("Haruto", date(2015, 3, 14))
    yield script.child("Hana", date(2018, 6, 2))
    days = (date(2025, 1, 20), date(2025, 2, 22), date(2025, 3, 29), date(2025, 4, 26))
    yield from _tuition(script, {month: (day, _AMOUNT_CENTS) for month, day in enumerate(days)})
    yield script.login(date(2025, 4, 2))
    yield script.engagement(_JUDGED, 60, _factors(logins=60))
    yield script.risk(_JUDGED, 44, _factors(late_payments=44))


def _enroll(script: FamilyScript, family_name: str, parent_name: str) -> Command:
    email = f"{script.family_id}@example.com"
    return script.enroll(family_name, _ENROLLED, currency_code=CURRENCY, parent_name=parent_name, email=email)


def _tuition(script: FamilyScript, paid: dict[int, tuple[date, int]]) -> Iterator[Command]:
    """An invoice a month; the payments by the place of their month, with day and cents."""
    for place, due in enumerate(_MONTHS):
        month = f"{due.year}-{due.month:02}"
        yield script.invoice(month, _AMOUNT_CENTS, due)
        if place in paid:
            received, cents = paid[place]
            yield script.payment(month, cents, received, payment_method="card", invoice_id=month)


def _factors(**points: int) -> list[ScoreFactor]:
    return [ScoreFactor(name=name, points=value) for name, value in points.items()]
