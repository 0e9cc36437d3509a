"""The report accounts for every line: it was taken, or it is listed with its reason."""

import io
from pathlib import Path

from diptych.command.v1.command_pb2 import CommandReceipt
from diptych.orders.v1 import order_command_service_pb2 as commands
from google.rpc import code_pb2, error_details_pb2  # type: ignore[import-untyped] # ships no types

from command_line.importing.kinds import OrderKind
from command_line.importing.online_retail.plan import Registered, phases
from command_line.importing.online_retail.report import RetailReport
from command_line.importing.online_retail.survey import survey
from command_line.importing.planned import Command
from tests.specs.importing.files import row, write

Answer = commands.ExecuteBatchResponse


def _accepted(command: Command, position: int, *, replayed: bool = False) -> Answer:
    answer = Answer(command_id=command.command_id)
    outcome = getattr(answer, str(command.request.WhichOneof("command")))
    outcome.receipt.CopyFrom(CommandReceipt(position=position, replayed=replayed))
    return answer


def _refused(command: Command, reason: str) -> Answer:
    answer = Answer(command_id=command.command_id)
    answer.error.code = code_pb2.FAILED_PRECONDITION
    answer.error.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason, domain="diptych"))
    return answer


def _surveyed(path: Path) -> tuple[RetailReport, io.StringIO, list[Command]]:
    rows = io.StringIO()
    report = RetailReport(rows)
    report.begin_file(path.name)
    found = survey(path, report.note_not_taken)
    report.note_survey(found)
    planned = [
        command for phase in phases(found, Registered()) for group in phase.groups for command in group
    ]
    return report, rows, planned


def _mixed(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        row(),
        row(code="22752"),
        row(price="0.001"),
        row(invoice="536366"),
        row(invoice="536367", price="-1"),
        row(invoice="C536368", quantity="-1"),
    )


def test_entries_taken_and_not_taken_are_the_entries_read(tmp_path: Path) -> None:
    report, rows, planned = _surveyed(_mixed(tmp_path))
    for position, command in enumerate(planned, start=1):
        report.note_answer(command, _accepted(command, position))
    report.end_file()
    assert (report.entries_read, report.entries_taken, report.entries_not_taken.total()) == (6, 4, 2)
    assert report.is_complete
    assert rows.getvalue().splitlines() == [
        "file,line,invoice,reason",
        "2010-12.csv,4,536365,PRICE_NOT_IN_WHOLE_CENTS",
        "2010-12.csv,6,536367,NEGATIVE_PRICE",
    ]


def test_an_unanswered_command_leaves_the_account_open(tmp_path: Path) -> None:
    report, _, planned = _surveyed(_mixed(tmp_path))
    for position, command in enumerate(planned[:-1], start=1):
        report.note_answer(command, _accepted(command, position))
    assert not report.is_complete


def test_all_lines_of_a_refused_order_are_listed_once(tmp_path: Path) -> None:
    report, rows, planned = _surveyed(_mixed(tmp_path))
    for position, command in enumerate(planned, start=1):
        is_lost = command.subject == "536365"
        refusal = "ORDER_TOO_LARGE" if command.kind is OrderKind.PLACE else "ORDER_NOT_FOUND"
        report.note_answer(command, _refused(command, refusal) if is_lost else _accepted(command, position))
    report.end_file()
    assert report.is_complete
    assert rows.getvalue().splitlines()[3:] == [
        "2010-12.csv,2,536365,ORDER_TOO_LARGE",
        "2010-12.csv,3,536365,ORDER_TOO_LARGE",
    ]
    assert (report.outcomes[OrderKind.PLACE].refused, report.outcomes[OrderKind.DELIVER].void) == (1, 1)
    assert report.commands_refused.total() == 0


def test_an_invoice_without_a_line_taken_is_counted(tmp_path: Path) -> None:
    report, _, planned = _surveyed(_mixed(tmp_path))
    for position, command in enumerate(planned, start=1):
        report.note_answer(command, _accepted(command, position))
    report.end_file()
    assert (report.invoices_read, report.invoices_lost) == (4, 1)


def test_a_refused_delivery_of_stock_is_listed_without_a_line(tmp_path: Path) -> None:
    report, rows, planned = _surveyed(write(tmp_path, row()))
    (delivery,) = [command for command in planned if command.kind is OrderKind.STOCK]
    report.note_answer(delivery, _refused(delivery, "PRODUCT_NOT_FOUND"))
    assert rows.getvalue().splitlines()[1:] == ["2010-12.csv,,85123A,deliveries of stock: PRODUCT_NOT_FOUND"]


def test_what_is_registered_already_is_no_refusal(tmp_path: Path) -> None:
    report, rows, planned = _surveyed(write(tmp_path, row()))
    (product,) = [command for command in planned if command.kind is OrderKind.PRODUCT]
    report.note_answer(product, _refused(product, "PRODUCT_EXISTS"))
    assert report.outcomes[OrderKind.PRODUCT].existing == 1
    assert rows.getvalue().splitlines()[1:] == []


def test_an_answer_of_an_earlier_run_is_told_from_one_of_this_run(tmp_path: Path) -> None:
    report, _, planned = _surveyed(write(tmp_path, row()))
    customer, product, *_ = planned
    report.note_answer(customer, _accepted(customer, 1, replayed=True))
    # Sent twice within this run, because the stream broke before the first answer.
    report.note_answer(product, _accepted(product, 2, replayed=True), True)
    assert (report.outcomes[OrderKind.CUSTOMER].replayed, report.outcomes[OrderKind.PRODUCT].accepted) == (
        1,
        1,
    )
    assert report.events == 1


def test_a_run_that_changes_nothing_writes_no_events(tmp_path: Path) -> None:
    report, _, planned = _surveyed(write(tmp_path, row()))
    for position, command in enumerate(planned, start=1):
        report.note_answer(command, _accepted(command, position, replayed=True))
    assert report.events == 0
    assert report.is_complete
