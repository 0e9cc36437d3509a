"""Generated families are the same every time, differ from each other, and hang together."""

from collections import Counter
from datetime import date

import pytest
from diptych.families.v1 import family_command_service_pb2 as commands

from command_line.generating.families import family_commands
from command_line.importing.kinds import FamilyKind
from command_line.importing.planned import Command

UNTIL = date(2025, 6, 20)


def _family(number: int, *, seed: int = 1, until: date = UNTIL) -> list[Command]:
    return family_commands(number, seed=seed, until=until)


def _of(command: Command) -> commands.ExecuteBatchRequest:
    assert isinstance(command.request, commands.ExecuteBatchRequest)
    return command.request


@pytest.fixture(scope="module")
def families() -> list[list[Command]]:
    return [_family(number) for number in range(1, 2_001)]


def test_a_family_is_the_same_whatever_else_is_made(families: list[list[Command]]) -> None:
    assert _family(1_234) == families[1_233]


@pytest.mark.parametrize("other", [{"seed": 2}, {"until": date(2025, 6, 21)}])
def test_another_seed_or_day_makes_families_of_its_own(other: dict[str, int | date]) -> None:
    ids = {command.command_id for number in range(50) for command in _family(number)}
    others = {
        command.command_id
        for number in range(50)
        for command in _family(number, **other)  # type: ignore[arg-type] # either argument
    }
    assert ids & others == set()


def test_no_two_commands_share_a_command_id(families: list[list[Command]]) -> None:
    ids = [command.command_id for family in families for command in family]
    assert len(ids) == len(set(ids))


def test_a_family_has_about_twenty_commands(families: list[list[Command]]) -> None:
    assert 18 <= sum(map(len, families)) / len(families) <= 22


def test_every_kind_of_command_is_there(families: list[list[Command]]) -> None:
    kinds = Counter(command.kind for family in families for command in family)
    assert set(kinds) == set(FamilyKind)


def test_a_family_begins_with_its_enrolment_and_does_nothing_after_it_left(
    families: list[list[Command]],
) -> None:
    left = [family for family in families if any(c.kind is FamilyKind.WITHDRAW for c in family)]
    assert 0.02 <= len(left) / len(families) <= 0.12
    assert all(family[0].kind is FamilyKind.ENROLL for family in families)
    for family in left:
        after = [c.kind for c in family[[c.kind for c in family].index(FamilyKind.WITHDRAW) + 1 :]]
        assert set(after) <= {FamilyKind.PAYMENT}


def test_nothing_happens_after_the_last_day(families: list[list[Command]]) -> None:
    for family in families:
        for command in family:
            request = getattr(_of(command), str(_of(command).WhichOneof("command")))
            for field in ("date", "received_date", "enrollment_date", "birth_date"):
                if field in request.DESCRIPTOR.fields_by_name and request.HasField(field):
                    day = getattr(request, field)
                    assert date(day.year, day.month, day.day) <= UNTIL


def test_payments_are_on_time_late_partial_too_much_and_missing(families: list[list[Command]]) -> None:
    found: Counter[str] = Counter()
    for family in families:
        owed = {
            invoice.invoice_id: invoice
            for command in family
            if (invoice := _of(command).issue_tuition_invoice).invoice_id
        }
        paid: Counter[str] = Counter()
        for command in family:
            payment = _of(command).receive_payment
            if command.kind is FamilyKind.PAYMENT:
                month = payment.transaction_id.split("-", 1)[1]
                due, on = owed[month].due_date, payment.received_date
                late = (on.year, on.month, on.day) > (due.year, due.month, due.day)
                found["late" if late else "on time"] += 1
                paid[month] += payment.amount_cents
        for month, invoice in owed.items():
            found["in full" if paid[month] == invoice.amount_cents else "otherwise"] += 1
            found["part"] += 0 < paid[month] < invoice.amount_cents
            found["too much"] += paid[month] > invoice.amount_cents
            found["missing"] += paid[month] == 0
    assert all(found[name] > 50 for name in ("late", "on time", "in full", "part", "too much", "missing"))
    assert found["on time"] > 3 * found["late"]


def test_those_at_risk_have_a_recommendation_and_their_factors_are_their_score(
    families: list[list[Command]],
) -> None:
    at_risk = 0
    for family in families:
        kinds = [command.kind for command in family]
        (*_, risk) = [command for command in family if command.kind is FamilyKind.RISK]
        update = _of(risk).update_risk_score
        assert update.score == min(100, sum(factor.points for factor in update.risk_factors))
        assert (FamilyKind.INTERVENTION in kinds) is (update.score >= 70)
        at_risk += update.score >= 70
    assert 0.03 <= at_risk / len(families) <= 0.2
