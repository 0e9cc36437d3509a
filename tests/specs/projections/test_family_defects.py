"""Defects that projections of families are known for, each as a rule that holds here."""

from statistics import median

from diptych.families.v1.views_pb2 import FamilyDetails
from google.protobuf.message import Message

from projector.families import FAMILIES
from projector.families.family_details import FAMILY_DETAILS
from tests import family_events as say
from tests.order_events import WrittenLog
from tests.plain import plain
from tests.specs.projections.folded import ReadSide, read_side, view_of


def _side(*commands: tuple[Message, ...]) -> ReadSide:
    """The read side after commands, each applied as a batch of its own."""
    log, batches = WrittenLog(say.family_stream_of), []
    for messages in commands:
        before = log.head
        log.append(*messages)
        batches.append(log.events[before:])
    return read_side(batches, projection=FAMILIES)


def _at_risk(side: ReadSide, floor: int) -> set[str]:
    return {id_ for index, id_ in side.scores if index == f"at_risk/{floor}"}


def test_a_family_leaves_the_list_at_risk_when_its_score_falls() -> None:
    risky = (say.enrolled(), say.risk(0, 90))
    assert _at_risk(_side(risky), 70) == {"smith"}
    fallen = _side(risky, (say.risk(90, 69),))
    assert (_at_risk(fallen, 70), _at_risk(fallen, 40)) == (set(), {"smith"})


def test_a_family_leaves_the_list_at_risk_when_it_withdraws() -> None:
    side = _side((say.enrolled(), say.risk(0, 90)), (say.withdrawn("2024-02-01"),))
    assert [index for index, _ in side.scores if index.startswith("at_risk")] == []


def test_a_rebuild_gives_the_same_revenue_by_month() -> None:
    commands = ((say.enrolled(), say.invoiced("i1", 500, "2024-01-15")), _paid("i1", 500, "2024-01-10"))
    once, again = _side(*commands), _side(*commands)
    assert once.tallies["tuition", "2024-01", "collected|USD"] == 500
    assert again.tallies == once.tallies


def _paid(invoice_id: str, cents: int, received: str, days_late: int = 0) -> tuple[Message, ...]:
    return (say.paid(f"t{invoice_id}{received}", received, (invoice_id, cents, days_late)),)


def test_families_count_as_on_time_late_or_unpaid_and_not_all_as_on_time() -> None:
    commands: list[tuple[Message, ...]] = []
    for family_id, received in (("early", "2024-01-10"), ("late", "2024-01-25"), ("never", "")):
        commands.append((say.enrolled(family_id), say.invoiced("i1", 500, "2024-01-15", family_id=family_id)))
        if received:
            days = 10 if family_id == "late" else 0
            commands.append((say.paid("t", received, ("i1", 500, days), family_id=family_id),))
    tallies = _side(*commands).tallies
    month = {
        column: n for (tally, row, column), n in tallies.items() if (tally, row) == ("tuition", "2024-01")
    }
    assert (month["on_time|USD"], month["late|USD"], month["unpaid|USD|2024-01-15"]) == (1, 1, 1)
    assert (month["expected|USD"], month["collected|USD"], month["open|USD|2024-01-15"]) == (1500, 1000, 500)


def test_average_and_median_of_days_late_can_be_told_of_a_month() -> None:
    days = (0, 0, 3, 30)
    invoice = (say.enrolled(), say.invoiced("i1", 400, "2024-01-15"))
    payments = (_paid("i1", 100, f"2024-02-0{number}", late) for number, late in enumerate(days, 1))
    side = _side(invoice, *payments)
    found: list[int] = []
    for (_, row, column), count in side.tallies.items():
        if row == "2024-01" and column.startswith("days_late|"):
            found += [int(column.split("|")[2])] * count
    assert (sum(found) / len(found), median(found)) == (8.25, 1.5)
    details = FamilyDetails.FromString(side.documents["family_details", "smith"].message)
    assert details.avg_payment_days_late == 8.25


def test_tiers_are_counted_by_month_of_enrolment_too() -> None:
    side = _side(
        (say.enrolled("a", on="2024-01-31"), say.risk(0, 90, family_id="a")),
        (say.enrolled("b", on="2024-02-01"), say.risk(0, 90, family_id="b")),
        (say.enrolled("c", on="2024-02-29"),),
    )
    rows = {
        (row, column): n for (tally, row, column), n in side.tallies.items() if tally == "enrollment" and n
    }
    assert rows == {
        ("2024-01", "families|CRITICAL"): 1,
        ("2024-02", "families|CRITICAL"): 1,
        ("2024-02", "families|LOW"): 1,
    }
    assert side.tallies["tiers", "all", "families|CRITICAL"] == 2


def test_a_younger_child_added_later_does_not_become_the_oldest() -> None:
    added = say.child_added("Zoë", "2008-05-01"), say.child_added("Ann", "2019-01-31")
    view = view_of(FAMILY_DETAILS, say.enrolled(), *added)
    assert min(plain(child.birth_date) for child in view.children) == "2008-05-01"
    # Ages grow without any event, so none is stored.
    assert not view.HasField("oldest_child_age")
    assert [child.age for child in view.children] == [0, 0]


def test_a_payment_is_in_details_summary_and_account_of_one_write() -> None:
    side = _side((say.enrolled(), say.invoiced("i1", 500, "2024-01-15")), _paid("i1", 200, "2024-01-10"))
    positions = {document.position for document in side.documents.values()}
    assert (positions, len(side.documents)) == ({3}, 4)
    for view in ("family_details", "family_summary", "tuition_account"):
        model = next(model for model in FAMILIES.read_models if model.name == view)
        assert plain(model.view.FromString(side.documents[view, "smith"].message))["outstanding_cents"] == 300
