"""Commands of the families domain over gRPC: every answer, repeats, batches, versions and snapshots."""

from typing import Any

import grpc
import psycopg
import pytest
from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands
from diptych.families.v1.scores_pb2 import RISK_TIER_CRITICAL
from diptych.families.v1.views_pb2 import FAMILY_STATUS_ENROLLED, FAMILY_STATUS_WITHDRAWN
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped] # ships no types

from service_kit.methods import snake_case
from tests.postgres_server import LogDatabase
from tests.services.family_requests import about, date, enroll, issue, pay, withdraw
from tests.services.kit_service import all_of, refusal_of
from tests.services.write_services import Caller, note_loads, whole_log, without_replayed, write_service
from tests.waiting import eventually
from write_service import snapshots

OCTOBER, NOVEMBER, DECEMBER = date(2023, 10, 15), date(2023, 11, 15), date(2023, 12, 15)
A_DAY = date(2023, 10, 2)


def _share(invoice_id: str, cents: int, days_late: int = 0) -> events.PaymentAllocation:
    return events.PaymentAllocation(invoice_id=invoice_id, amount_cents=cents, days_late=days_late)


def _invoiced(invoice_id: str, credit: int, outstanding: int) -> commands.IssueTuitionInvoiceResponse:
    return commands.IssueTuitionInvoiceResponse(
        invoice_id=invoice_id,
        credit_applied_cents=credit,
        outstanding_cents=outstanding,
        currency_code="EUR",
    )


def _paid(
    transaction_id: str, *shares: events.PaymentAllocation, credit: int = 0, outstanding: int = 0
) -> commands.ReceivePaymentResponse:
    return commands.ReceivePaymentResponse(
        transaction_id=transaction_id,
        allocations=shares,
        credit_cents=credit,
        outstanding_cents=outstanding,
        currency_code="EUR",
    )


def _history() -> list[tuple[Any, Any]]:
    """A family's commands, every kind among them, each with its answer but for what all have."""
    return [
        (enroll(), commands.EnrollFamilyResponse(status=FAMILY_STATUS_ENROLLED, currency_code="EUR")),
        (
            about(commands.AddChildRequest, name="Mia", birth_date=date(2016, 2, 29)),
            commands.AddChildResponse(children_count=1),
        ),
        (
            about(commands.AddChildRequest, name="Tom", birth_date=date(2019, 7, 1)),
            commands.AddChildResponse(children_count=2),
        ),
        (pay("t1", 700), _paid("t1", credit=700)),
        (issue("oct", 500, OCTOBER), _invoiced("oct", 500, 0)),
        (issue("nov", 500, NOVEMBER), _invoiced("nov", 200, 300)),
        (issue("dec", 400, DECEMBER), _invoiced("dec", 0, 700)),
        (
            pay("t2", 500, date(2023, 11, 20), invoice_id="dec"),
            _paid("t2", _share("dec", 400), _share("nov", 100, 5), outstanding=200),
        ),
        (pay("t3", 250), _paid("t3", _share("nov", 200), credit=50)),
        (issue("jan", 90, date(2024, 1, 15)), _invoiced("jan", 50, 40)),
        (
            about(commands.UpdateEngagementScoreRequest, score=60),
            commands.UpdateEngagementScoreResponse(new_score=60),
        ),
        (
            about(commands.UpdateEngagementScoreRequest, score=20),
            commands.UpdateEngagementScoreResponse(old_score=60, new_score=20),
        ),
        (
            about(commands.UpdateRiskScoreRequest, score=85),
            commands.UpdateRiskScoreResponse(new_score=85, risk_tier=RISK_TIER_CRITICAL),
        ),
        (
            about(commands.RecommendInterventionRequest, intervention="call them", priority=5),
            commands.RecommendInterventionResponse(intervention="call them", priority=5),
        ),
        (
            about(commands.RecordContactRequest, method="phone", date=A_DAY),
            commands.RecordContactResponse(date=Date(**A_DAY)),
        ),
        (
            about(commands.SetPreferredContactChannelRequest, channel="email"),
            commands.SetPreferredContactChannelResponse(channel="email"),
        ),
        (
            about(commands.AssignCoordinatorRequest, coordinator="Bob"),
            commands.AssignCoordinatorResponse(coordinator="Bob"),
        ),
        (about(commands.RecordLoginRequest, date=A_DAY), commands.RecordLoginResponse(date=Date(**A_DAY))),
        (
            about(commands.RecordVolunteerHoursRequest, hours=3, date=A_DAY),
            commands.RecordVolunteerHoursResponse(hours=3),
        ),
        (
            about(commands.RecordAttendanceRequest, event="harvest", attended=True, date=A_DAY),
            commands.RecordAttendanceResponse(attended=True),
        ),
        (
            withdraw(date(2023, 12, 31)),
            commands.WithdrawFamilyResponse(
                status=FAMILY_STATUS_WITHDRAWN, cancelled_cents=40, currency_code="EUR"
            ),
        ),
    ]


async def _send(caller: Caller, request: Any) -> Any:
    return await getattr(caller.families, type(request).__name__.removesuffix("Request"))(request)


def _check_answer(answer: Any, expected: Any, version: int) -> None:
    receipt = answer.receipt
    assert (receipt.stream, receipt.version, receipt.position) == ("family-lee", version, version)
    content = without_replayed(answer)
    content.ClearField("receipt")
    expected.family_id = "lee"
    assert content == expected


async def test_every_command_is_answered_and_repeats_are_answered_the_same(log_database: LogDatabase) -> None:
    history = _history()
    async with write_service(log_database) as one, write_service(log_database) as two:
        answers = [await _send(one, request) for request, _ in history]
        repeats = [await _send(caller, request) for request, _ in history for caller in (one, two)]
    for number, (_, expected) in enumerate(history):
        _check_answer(answers[number], expected, number + 1)
        for repeat in repeats[2 * number : 2 * number + 2]:
            assert repeat.receipt.replayed
            assert without_replayed(repeat) == answers[number]
    log = await whole_log(log_database)
    assert [str(event.command_id) for event in log] == [each.context.command_id for each, _ in history]
    kinds = {snake_case(type(request).__name__.removesuffix("Request")) for request, _ in history}
    every = commands.ExecuteBatchRequest.DESCRIPTOR.oneofs_by_name["command"].fields
    assert kinds == {field.name for field in every}


async def test_a_batch_answers_as_single_calls_do(log_database: LogDatabase) -> None:
    history = _history()
    # A refusal in between fails none of the others.
    history.insert(8, (pay("t2", 1), None))
    items = [
        commands.ExecuteBatchRequest(**{snake_case(type(request).__name__.removesuffix("Request")): request})
        for request, _ in history
    ]
    async with write_service(log_database) as caller:
        answers = await all_of(caller.families.ExecuteBatch(iter(items)))
    assert [answer.command_id for answer in answers] == [each.context.command_id for each, _ in history]
    refused = answers.pop(8)
    history.pop(8)
    assert b"DUPLICATE_TRANSACTION" in refused.error.details[0].value
    for number, (answer, (_, expected)) in enumerate(zip(answers, history, strict=True)):
        _check_answer(getattr(answer, answer.WhichOneof("outcome")), expected, number + 1)


async def test_a_family_without_an_id_gets_one(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        answer = await caller.families.EnrollFamily(enroll("", currency_code=""))
    assert answer.family_id[14] == "7"
    assert answer.currency_code == "USD"


async def test_a_stale_expected_version_is_refused(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.families.EnrollFamily(enroll(expected_version=0))
        await caller.families.IssueTuitionInvoice(issue("oct", 500, expected_version=1))
        refused = await refusal_of(caller.families.ReceivePayment(pay("t1", 500, expected_version=1)))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.ABORTED, "WRONG_EXPECTED_VERSION")
        assert refused.info.metadata == {
            "stream": "family-lee",
            "expected_version": "1",
            "current_version": "2",
        }
        await caller.families.ReceivePayment(pay("t1", 500, expected_version=2))


async def test_both_domains_are_served_from_one_log(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.customer("lee")
        answer = await caller.families.EnrollFamily(enroll())
        assert (answer.receipt.position, answer.receipt.version) == (2, 1)
        health = health_pb2_grpc.HealthStub(caller.channel)
        asked = health_pb2.HealthCheckRequest(service="diptych.families.v1.FamilyCommandService")
        assert (await health.Check(asked)).status == health_pb2.HealthCheckResponse.SERVING
    assert [event.category for event in await whole_log(log_database)] == ["customer", "family"]


async def _snapshot_is_at(database: LogDatabase, version: int) -> bool:
    async with await psycopg.AsyncConnection.connect(database.admin_url) as connection:
        found = await connection.execute("SELECT max(version) FROM event_log.snapshots")
        row: Any = await found.fetchone()
        return int(row[0] or 0) >= version


async def test_a_long_family_is_loaded_from_its_snapshot(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what the rules need of it: used ids, open invoices in their turn, and credit."""
    monkeypatch.setattr(snapshots, "EVERY_VERSIONS", 20)
    read = note_loads(monkeypatch)
    async with write_service(log_database) as caller:
        await caller.families.EnrollFamily(enroll())
        for number in range(30):
            await caller.families.IssueTuitionInvoice(
                issue(f"i{number}", 100, date(2024, 1, 28 - number % 28))
            )
            await caller.families.ReceivePayment(pay(f"t{number}", 70))
        await eventually(lambda: _snapshot_is_at(log_database, 60))
    read.clear()
    async with write_service(log_database) as caller:
        for request in (issue("i3", 1), pay("t3", 1)):
            refused = await refusal_of(_send(caller, request))
            assert refused.code is grpc.StatusCode.ALREADY_EXISTS
        answer = await caller.families.ReceivePayment(pay("last", 1000))
    events, snapshot = read[0]["family-lee"]
    assert snapshot is not None
    assert snapshot[0] >= 60
    assert snapshot[0] + len(events) == answer.receipt.version - 1
    assert sum(share.amount_cents for share in answer.allocations) == 900
    assert (answer.outstanding_cents, answer.credit_cents, answer.receipt.version) == (0, 100, 62)
