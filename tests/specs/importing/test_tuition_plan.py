"""An account becomes a family, its bills invoices, its payments payments, its lateness a risk score."""

import io
from pathlib import Path

from diptych.command.v1.command_pb2 import CommandReceipt
from diptych.families.v1 import family_command_service_pb2 as commands
from google.rpc import code_pb2, error_details_pb2  # type: ignore[import-untyped] # ships no types

from command_line.importing.kinds import FamilyKind
from command_line.importing.planned import Command
from command_line.importing.tuition.source import TuitionAccounts
from tests.specs.importing.tuition_files import row, write

Answer = commands.ExecuteBatchResponse


def _planned(path: Path) -> tuple[TuitionAccounts, list[Command], io.StringIO]:
    rows = io.StringIO()
    source = TuitionAccounts(path, rows)
    planned: list[Command] = []
    for phase in source.phases():
        planned += [command for group in phase.groups for command in group]
        assert len(planned) == phase.size
    return source, planned, rows


def _of(command: Command) -> commands.ExecuteBatchRequest:
    assert isinstance(command.request, commands.ExecuteBatchRequest)
    return command.request


def _said(path: Path) -> list[str]:
    """Each command as a word or two."""
    said = []
    for command in _planned(path)[1]:
        request = _of(command)
        match command.kind:
            case FamilyKind.INVOICE:
                invoice = request.issue_tuition_invoice
                due = f"{invoice.due_date.month}/{invoice.due_date.day}"
                said.append(f"invoice {invoice.invoice_id} {invoice.amount_cents} due {due}")
            case FamilyKind.PAYMENT:
                paid = request.receive_payment
                on = f"{paid.received_date.year}/{paid.received_date.month}/{paid.received_date.day}"
                said.append(
                    f"payment {paid.transaction_id} {paid.amount_cents} on {on} for {paid.invoice_id}"
                )
            case FamilyKind.RISK:
                said.append(f"risk {request.update_risk_score.score}")
            case _:
                said.append(str(command.kind))
    return said


def test_bills_and_payments_come_in_the_order_of_their_days(tmp_path: Path) -> None:
    changes = {"BILL_2005_04": "100", "PAID_2005_04": "60", "PAY_2005_04": "2", "BILL_2005_06": "7"}
    assert _said(write(tmp_path, row(**changes))) == [
        "families enrolled",
        "invoice 2005-04 10000 due 4/15",
        "risk 70",
        "risk 0",
        "invoice 2005-06 700 due 6/15",
        "payment 2005-04 6000 on 2005/6/15 for 2005-04",
    ]


def test_a_payment_without_a_bill_names_none(tmp_path: Path) -> None:
    assert _said(write(tmp_path, row(PAID_2005_09="1", PAY_2005_09="-1", BILL_2005_09="-5"))) == [
        "families enrolled",
        "payment 2005-09 100 on 2005/9/15 for ",
    ]


def test_months_late_run_over_the_end_of_the_year(tmp_path: Path) -> None:
    said = _said(write(tmp_path, row(PAID_2005_09="1", PAY_2005_09="8")))
    assert said == ["families enrolled", "risk 100", "payment 2005-09 100 on 2006/5/15 for "]


def test_an_account_pays_by_one_method(tmp_path: Path) -> None:
    paid = {"PAID_2005_04": "1", "PAID_2005_05": "1"}
    path = write(tmp_path, *(row(str(number), **paid) for number in range(1, 5)))
    methods = [
        _of(command).receive_payment.payment_method
        for command in _planned(path)[1]
        if command.kind is FamilyKind.PAYMENT
    ]
    assert methods == ["card"] * 2 + ["check"] * 2 + ["cash"] * 2 + ["bank_transfer"] * 2


def test_the_risk_score_says_what_it_is_made_of(tmp_path: Path) -> None:
    *_, command = _planned(write(tmp_path, row(PAY_2005_09="3")))[1]
    (factor,) = _of(command).update_risk_score.risk_factors
    assert (factor.name, factor.points, factor.note) == ("months_late", 85, "3 in 2005-09")


def test_the_same_account_is_the_same_commands_in_any_file(tmp_path: Path) -> None:
    account = row("5", BILL_2005_04="1", PAID_2005_04="1")
    whole = _planned(write(tmp_path, row("4"), account, name="whole.csv"))[1]
    part = _planned(write(tmp_path, account, name="part.csv"))[1]
    assert [_of(command) for command in whole[1:]] == [_of(command) for command in part]
    assert len({command.command_id for command in whole}) == len(whole)


def test_every_bill_and_payment_is_taken_or_listed(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        row("1", BILL_2005_04="1", PAID_2005_04="1", BILL_2005_05="-1", PAID_2005_06="-1"),
        row("2", BILL_2005_04="x"),
    )
    source, planned, rows = _planned(path)
    report = source.report
    for position, command in enumerate(planned, start=1):
        report.note_answer(command, _accepted(command, position))
    assert (report.entries_read, report.entries_taken) == (12, 2)
    assert report.entries_not_taken == {
        "NO_BILL": 4,
        "NOTHING_PAID": 4,
        "CREDIT_BALANCE": 1,
        "NEGATIVE_PAYMENT": 1,
    }
    assert report.is_complete
    assert (report.accounts_read, report.accounts_not_taken) == (2, {"NOT_A_NUMBER": 1})
    listed = rows.getvalue().splitlines()
    assert listed[0] == "file,line,account,reason"
    assert "accounts.csv,2,account-00001,BILL_2005_05: CREDIT_BALANCE" in listed
    assert listed[-1] == "accounts.csv,3,2,NOT_A_NUMBER"
    assert len(listed) == 1 + 10 + 1


def test_a_refused_payment_is_listed_with_its_line(tmp_path: Path) -> None:
    source, planned, rows = _planned(write(tmp_path, row("1"), row("2", PAID_2005_04="1")))
    payment = planned[-1]
    source.report.note_answer(payment, _refused(payment, "DUPLICATE_TRANSACTION"))
    assert rows.getvalue().splitlines()[-1] == "accounts.csv,3,account-00002,DUPLICATE_TRANSACTION"
    assert source.report.is_complete


def test_a_family_that_is_enrolled_already_is_no_refusal(tmp_path: Path) -> None:
    source, planned, _ = _planned(write(tmp_path, row("1")))
    source.report.note_answer(planned[0], _refused(planned[0], "FAMILY_ALREADY_ENROLLED"))
    assert source.report.outcomes[FamilyKind.ENROLL].existing == 1


def _accepted(command: Command, position: int) -> Answer:
    answer = Answer(command_id=command.command_id)
    outcome = getattr(answer, str(command.request.WhichOneof("command")))
    outcome.receipt.CopyFrom(CommandReceipt(position=position))
    return answer


def _refused(command: Command, reason: str) -> Answer:
    answer = Answer(command_id=command.command_id)
    answer.error.code = code_pb2.ALREADY_EXISTS
    answer.error.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason, domain="diptych"))
    return answer
