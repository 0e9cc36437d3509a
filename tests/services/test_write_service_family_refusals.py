"""Refusals of the families domain over gRPC: code, reason and metadata of every one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import grpc
import pytest
from diptych.families.v1 import family_command_service_pb2 as commands
from diptych.families.v1.rejections_pb2 import FamilyErrorReason

from tests.postgres_server import LogDatabase
from tests.services.family_requests import about, date, enroll, issue, pay, withdraw
from tests.services.kit_service import refusal_of
from tests.services.write_services import Caller, whole_log, write_service

NOT_FOUND = grpc.StatusCode.NOT_FOUND
EXISTS = grpc.StatusCode.ALREADY_EXISTS
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
INVALID = grpc.StatusCode.INVALID_ARGUMENT

# Two days from now are after today wherever the clock stands.
_SOON = datetime.now(UTC) + timedelta(days=2)
TO_COME = date(_SOON.year, _SOON.month, _SOON.day)
LONG_AGO = date(2020, 1, 1)
BORN = date(2016, 2, 29)


def _child(birth_date: Any = None) -> Any:
    return about(commands.AddChildRequest, name="Mia", birth_date=birth_date or BORN)


def _everything_else() -> list[Any]:
    return [
        _child(),
        issue("oct", 500),
        about(commands.UpdateEngagementScoreRequest, score=1),
        about(commands.UpdateRiskScoreRequest, score=1),
        about(commands.RecommendInterventionRequest, intervention="call", priority=1),
        about(commands.AssignCoordinatorRequest, coordinator="Bob"),
        withdraw(),
        about(commands.RecordLoginRequest, date=TO_COME),
        about(commands.RecordVolunteerHoursRequest, hours=1, date=TO_COME),
        about(commands.RecordAttendanceRequest, event="harvest", date=TO_COME),
    ]


def _always_accepted() -> list[Any]:
    return [
        pay("t9", 1),
        about(commands.RecordContactRequest, method="phone"),
        about(commands.SetPreferredContactChannelRequest, channel="email"),
        about(commands.RecordLoginRequest, date=LONG_AGO),
        about(commands.RecordVolunteerHoursRequest, hours=1, date=LONG_AGO),
        about(commands.RecordAttendanceRequest, event="harvest", date=LONG_AGO),
    ]


async def _send(caller: Caller, *requests: Any) -> None:
    for request in requests:
        await _call(caller, request)


def _call(caller: Caller, request: Any) -> Any:
    return getattr(caller.families, type(request).__name__.removesuffix("Request"))(request)


class Rule(NamedTuple):
    """What happened before, the command, and what its refusal says beside the family's id."""

    before: Sequence[Any]
    command: Any
    code: grpc.StatusCode
    reason: str
    metadata: dict[str, str]


RULES = (
    Rule([enroll()], enroll(), EXISTS, "FAMILY_ALREADY_ENROLLED", {}),
    Rule([enroll(), withdraw()], enroll(), PRECONDITION, "FAMILY_WITHDRAWN", {}),
    Rule([enroll()], _child(TO_COME), PRECONDITION, "BIRTH_DATE_IN_FUTURE", {}),
    Rule([enroll(), issue("oct", 5)], issue("oct", 5), EXISTS, "INVOICE_EXISTS", {"invoice_id": "oct"}),
    Rule([enroll(), pay("t1", 5)], pay("t1", 5), EXISTS, "DUPLICATE_TRANSACTION", {"transaction_id": "t1"}),
    Rule([enroll()], pay("t1", 5, invoice_id="oct"), NOT_FOUND, "UNKNOWN_INVOICE", {"invoice_id": "oct"}),
    Rule([enroll()], withdraw(LONG_AGO), PRECONDITION, "WITHDRAWAL_BEFORE_ENROLLMENT", {}),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.reason)
async def test_a_broken_rule_is_told(log_database: LogDatabase, rule: Rule) -> None:
    async with write_service(log_database) as caller:
        await _send(caller, *rule.before)
        refused = await refusal_of(_call(caller, rule.command))
    assert (refused.code, refused.info.reason) == (rule.code, rule.reason)
    assert refused.info.metadata == {"family_id": "lee"} | rule.metadata
    assert len(await whole_log(log_database)) == len(rule.before)


async def test_every_command_but_enrolling_is_about_a_family_that_there_is(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        for request in [*_everything_else(), *_always_accepted()]:
            refused = await refusal_of(_call(caller, request))
            assert (refused.code, refused.info.reason) == (NOT_FOUND, "FAMILY_NOT_FOUND")
            assert refused.info.metadata == {"family_id": "lee"}
    assert await whole_log(log_database) == []


async def test_a_family_that_left_is_refused_all_but_payments_contact_and_its_past(
    log_database: LogDatabase,
) -> None:
    async with write_service(log_database) as caller:
        await _send(caller, enroll(), withdraw())
        for request in _everything_else():
            refused = await refusal_of(_call(caller, request))
            assert (refused.code, refused.info.reason) == (PRECONDITION, "FAMILY_WITHDRAWN")
            assert refused.info.metadata == {"family_id": "lee"}
        await _send(caller, *_always_accepted())


def test_every_reason_is_met_here() -> None:
    met = {rule.reason for rule in RULES} | {"FAMILY_NOT_FOUND"}
    listed = {name.removeprefix("FAMILY_ERROR_REASON_") for name in FamilyErrorReason.keys()}  # noqa: SIM118
    assert met == listed - {"UNSPECIFIED"}


async def test_a_bad_field_is_named(log_database: LogDatabase) -> None:
    bad = [
        (issue("oct", 0), "amount_cents"),
        (issue("oct", 10_000_000_001), "amount_cents"),
        (issue("oct", 1, date(2023, 2, 29)), "due_date"),
        (pay("t1", -1), "amount_cents"),
        (pay("t1", 1, date(2023, 0, 1)), "received_date"),
        (pay("", 1), "transaction_id"),
        (about(commands.UpdateRiskScoreRequest, score=101), "score"),
        (about(commands.RecommendInterventionRequest, intervention="call", priority=6), "priority"),
        (about(commands.RecordVolunteerHoursRequest, hours=0), "hours"),
        (about(commands.RecordLoginRequest, date=date(1899, 12, 31)), "date"),
        (about(commands.AddChildRequest, name="Mia"), "birth_date"),
    ]
    async with write_service(log_database) as caller:
        for command, field in bad:
            refused = await refusal_of(_call(caller, command))
            assert (refused.code, refused.info.reason) == (INVALID, "INVALID_REQUEST")
            assert refused.fields == [field]
