"""A transaction pays once, by however many callers and processes, and the test would see it if not."""

import asyncio
from typing import Any

import grpc
from diptych.families.v1 import events_pb2

from tests.postgres_server import LogDatabase
from tests.services.family_requests import enroll, issue, pay
from tests.services.kit_service import Refused, refusal_of
from tests.services.write_services import Caller, whole_log, write_process
from tests.stores.writers import sabotage

CALLERS = 64
# The append no longer compares versions; everything else is as in the product.
UNCHECKED = ("IF current_versions[number] <> read_versions[r] THEN", "IF false THEN")


async def _pay(caller: Caller) -> bool:
    """Send the transaction with a command id of its own; whether it was accepted."""
    try:
        await caller.families.ReceivePayment(pay("t1", 100, invoice_id="oct"), timeout=30)
    except grpc.aio.AioRpcError as error:
        refused = Refused(error)
        assert refused.info.reason == "DUPLICATE_TRANSACTION", refused.message
        return False
    return True


async def _run(database: LogDatabase) -> tuple[int, list[Any]]:
    """How many were accepted, and the payments in the log."""
    async with write_process(database) as one, write_process(database) as two:
        callers = [one.caller, two.caller]
        await callers[0].families.EnrollFamily(enroll())
        await callers[0].families.IssueTuitionInvoice(issue("oct", 500))
        # Both know the same version now, so the first payment at each is decided before it meets the other's.
        refused = await refusal_of(callers[1].families.IssueTuitionInvoice(issue("oct", 500)))
        assert refused.info.reason == "INVOICE_EXISTS"
        accepted = await asyncio.gather(*(_pay(callers[number % 2]) for number in range(CALLERS)))
    payments = [
        events_pb2.PaymentReceived.FromString(event.payload)
        for event in await whole_log(database)
        if event.type.endswith(".PaymentReceived")
    ]
    return sum(accepted), payments


async def test_64_callers_of_two_processes_pay_once_with_one_transaction(log_database: LogDatabase) -> None:
    accepted, payments = await _run(log_database)
    assert accepted == len(payments) == 1
    assert [(each.invoice_id, each.amount_cents) for each in payments[0].allocations] == [("oct", 100)]


async def test_twin_unchecked_versions_pay_twice(log_database: LogDatabase) -> None:
    sabotage(log_database, UNCHECKED)
    accepted, payments = await _run(log_database)
    assert accepted == len(payments) == 2
