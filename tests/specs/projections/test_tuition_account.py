"""What a family owes and paid: given events, then view and what it adds to each month."""

from google.protobuf.message import Message

from projector.families.tuition_account import TUITION_ACCOUNT
from tests import family_events as say
from tests.plain import plain
from tests.specs.projections.folded import scores_of, tallies_of, view_of

JANUARY = say.invoiced("i1", 500, "2024-01-15")
FEBRUARY = say.invoiced("i2", 300, "2024-02-15")
ENROLLED = say.enrolled()


def tuition(*given: Message) -> dict[str, dict[str, int]]:
    """What the account adds, by month."""
    found: dict[str, dict[str, int]] = {}
    for (tally, row, column), amount in tallies_of(TUITION_ACCOUNT, *given).items():
        assert tally == "tuition"
        found.setdefault(row, {})[column] = amount
    return found


def test_an_account_shows_each_invoice_with_what_went_to_it() -> None:
    paid = say.paid("t1", "2024-01-20", ("i1", 500, 5), ("i2", 100, 0), credit_cents=9, invoice_id="i1")
    view = plain(view_of(TUITION_ACCOUNT, ENROLLED, JANUARY, FEBRUARY, paid))
    first, second = view["invoices"]
    assert (first["invoice_id"], first["due_date"], first["paid_cents"]) == ("i1", "2024-01-15", 500)
    assert first["payments"] == [
        {"transaction_id": "t1", "amount_cents": 500, "days_late": 5, "payment_method": "card"}
    ]
    assert (second["amount_cents"], second["paid_cents"], second["cancelled_cents"]) == (300, 100, 0)
    assert (view["invoiced_cents"], view["collected_cents"], view["outstanding_cents"]) == (800, 600, 200)
    [payment] = view["payments"]
    assert (payment["amount_cents"], payment["received_date"], payment["credit_cents"]) == (
        609,
        "2024-01-20",
        9,
    )
    assert [part["invoice_id"] for part in payment["allocations"]] == ["i1", "i2"]
    assert (view["credit_cents"], view["currency_code"], view["family_id"]) == (9, "USD", "smith")


def test_credit_pays_a_new_invoice_in_the_name_of_its_payment() -> None:
    surplus = say.paid("t1", "2024-01-05", credit_cents=400, method="cash")
    credited = say.invoiced("i3", 300, "2024-02-15", ("t1", "cash", 300))
    view = plain(view_of(TUITION_ACCOUNT, ENROLLED, surplus, credited))
    assert (view["credit_cents"], view["collected_cents"], view["outstanding_cents"]) == (100, 300, 0)
    assert view["invoices"][0]["payments"] == [
        {"transaction_id": "t1", "amount_cents": 300, "days_late": 0, "payment_method": "cash"}
    ]
    assert view["payments"][0]["allocations"] == []


def test_a_cancelled_rest_is_not_expected_any_more() -> None:
    part = say.paid("t1", "2024-01-20", ("i2", 100, 0))
    gone = say.withdrawn("2024-02-01", ("i2", 200))
    view = plain(view_of(TUITION_ACCOUNT, ENROLLED, JANUARY, FEBRUARY, part, gone))
    second = view["invoices"][1]
    assert (second["amount_cents"], second["paid_cents"], second["cancelled_cents"]) == (100, 100, 200)
    assert (view["invoiced_cents"], view["outstanding_cents"]) == (600, 500)


def test_an_unpaid_invoice_is_expected_and_open_by_its_due_date() -> None:
    assert tuition(ENROLLED, JANUARY) == {
        "2024-01": {"expected|USD": 500, "open|USD|2024-01-15": 500, "unpaid|USD|2024-01-15": 1}
    }


def test_a_payment_counts_in_the_month_of_the_invoice_and_as_received_in_its_own() -> None:
    paid = say.paid("t1", "2024-02-03", ("i1", 500, 19), credit_cents=50, method="bank|transfer")
    assert tuition(ENROLLED, JANUARY, paid) == {
        "2024-01": {
            "expected|USD": 500,
            "collected|USD": 500,
            "late|USD": 1,
            "days_late|USD|19": 1,
            "method|USD|bank|transfer": 500,
            "method_payments|USD|bank|transfer": 1,
        },
        "2024-02": {"received|USD": 550},
    }


def test_a_family_counts_once_a_month_and_by_the_worst_of_its_invoices() -> None:
    second, third = say.invoiced("j2", 10, "2024-01-20"), say.invoiced("j3", 10, "2024-01-10")
    given: list[Message] = [ENROLLED, JANUARY, second, third]
    standings = []
    for payment in (
        say.paid("t1", "2024-01-10", ("j3", 10, 0)),
        say.paid("t2", "2024-01-16", ("i1", 500, 1)),
        say.paid("t3", "2024-01-16", ("j2", 10, 0)),
    ):
        given.append(payment)
        columns = tuition(*given)["2024-01"]
        standings += [{name for name in columns if name.split("|")[0] in ("unpaid", "late", "on_time")}]
    assert standings == [{"unpaid|USD|2024-01-15"}, {"unpaid|USD|2024-01-20"}, {"late|USD"}]


def test_paid_in_full_by_the_due_date_is_on_time_in_several_parts_too() -> None:
    parts = say.paid("t1", "2024-01-10", ("i1", 200, 0)), say.paid("t2", "2024-01-15", ("i1", 300, 0))
    columns = tuition(ENROLLED, JANUARY, *parts)["2024-01"]
    assert (columns["on_time|USD"], columns["days_late|USD|0"], columns["method_payments|USD|card"]) == (
        1,
        2,
        2,
    )


def test_one_part_that_came_late_makes_the_family_late() -> None:
    parts = say.paid("t1", "2024-01-10", ("i1", 200, 0)), say.paid("t2", "2024-01-16", ("i1", 300, 1))
    columns = tuition(ENROLLED, JANUARY, *parts)["2024-01"]
    assert (columns["late|USD"], columns["days_late|USD|0"], columns["days_late|USD|1"]) == (1, 1, 1)
    assert "on_time|USD" not in columns


def test_what_was_cancelled_with_nothing_paid_counts_nowhere() -> None:
    assert tuition(ENROLLED, FEBRUARY, say.withdrawn("2024-02-01", ("i2", 300))) == {}


def test_what_was_cancelled_with_something_paid_counts_as_paid() -> None:
    part = say.paid("t1", "2024-01-20", ("i2", 100, 0))
    columns = tuition(ENROLLED, FEBRUARY, part, say.withdrawn("2024-02-01", ("i2", 200)))["2024-02"]
    assert (columns["expected|USD"], columns["collected|USD"], columns["on_time|USD"]) == (100, 100, 1)
    assert not any(name.startswith(("open", "unpaid")) for name in columns)


def test_an_account_stands_in_no_index() -> None:
    assert scores_of(TUITION_ACCOUNT, *say.one_of_each()) == {}
