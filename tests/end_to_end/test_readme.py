"""The calls that the README shows work as they are written, and answer what it says."""

import asyncio
import json
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stack import Stack

_README = Path("README.md")
_BUF = Path(sys.executable).with_name("buf")
_PARTS = {"50051": "write_service", "50052": "read_service", "50053": "projector"}
_DEADLINE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One line that a newcomer would paste."""

    port: str
    method: str
    body: str

    @property
    def name(self) -> str:
        return self.method.rpartition("/")[2]


def _calls(text: str) -> Iterator[Call]:
    for line in re.findall(r"^grpcurl -plaintext .*$", text, re.MULTILINE):
        words = shlex.split(line)
        *options, address, method = words[2:]
        body = options[options.index("-d") + 1] if options else "{}"
        yield Call(port=address.removeprefix("127.0.0.1:"), method=method, body=body)


async def _run(stack: Stack, call: Call) -> list[Any]:
    """The messages that it is answered with; asserts that the status is OK."""
    process = await asyncio.create_subprocess_exec(
        _BUF,
        *("curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", call.body),
        f"http://{stack.address(_PARTS[call.port])}/{call.method}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_DEADLINE_SECONDS):
        output, errors = await process.communicate()
    assert process.returncode == 0, f"{call}: {errors.decode()}"
    return _messages(output.decode())


def _messages(text: str) -> list[Any]:
    decoder, messages, text = json.JSONDecoder(), [], text.strip()
    while text:
        message, end = decoder.raw_decode(text)
        messages.append(message)
        text = text[end:].lstrip()
    return messages


SHOWN = _README.read_text(encoding="utf-8")
CALLS = list(_calls(SHOWN))


async def test_every_call_of_the_readme_works_in_order_and_twice(stack: Stack) -> None:
    assert len(CALLS) == 14
    first = {call.name: (await _run(stack, call)) for call in CALLS}
    again = {call.name: (await _run(stack, call)) for call in CALLS}
    commands = [call.name for call in CALLS if call.port == "50051" and '"context"' in call.body]
    assert commands == [
        *("RegisterCustomer", "RegisterProduct", "ReceiveStock", "PlaceOrder"),
        *("EnrollFamily", "IssueTuitionInvoice", "ReceivePayment", "UpdateRiskScore"),
    ]
    for name in commands:
        [answer], [repeated] = first[name], again[name]
        assert "replayed" not in answer["receipt"]
        assert repeated["receipt"].pop("replayed") is True
        assert repeated == answer
    _check_answers(first)
    _check_answers(again)


def _check_answers(answers: dict[str, list[Any]]) -> None:
    [order] = answers["GetOrder"]
    assert (order["order"]["orderId"], order["order"]["totalCents"]) == ("first", str(3 * 4950))
    [page] = answers["ListOrders"]
    assert [row["orderId"] for row in page["orders"]] == ["first"]
    _check_families(answers)
    events = [event for batch in answers["ReadStream"] for event in batch["events"]]
    types = [event["type"].rpartition(".")[2] for event in events]
    assert types == ["ProductRegistered", "StockReceived", "StockReserved"]
    [listed] = answers["ListProjections"]
    assert {each["name"] for each in listed["projections"]} == {"orders", "families"}


def _check_families(answers: dict[str, list[Any]]) -> None:
    [paid] = answers["ReceivePayment"]
    assert paid["allocations"] == [{"invoiceId": "october", "amountCents": "30000", "daysLate": 5}]
    [at_risk] = answers["ListAtRiskFamilies"]
    # Other tests have families of their own.
    tiers = {row["familyId"]: row["riskTier"] for row in at_risk["families"]}
    assert tiers["martinez"] == "RISK_TIER_CRITICAL"
    [analytics] = answers["GetPaymentAnalytics"]
    october = {"year": 2026, "month": 10}
    [month] = [row for row in analytics["months"] if (row["month"], row["currencyCode"]) == (october, "USD")]
    assert (month["revenueCollectedCents"], month["revenueOutstandingCents"]) == ("30000", "15000")


async def test_a_token_copied_from_a_receipt_into_a_query_is_waited_for(stack: Stack) -> None:
    for call in CALLS[:3]:
        await _run(stack, call)
    [placed] = await _run(stack, CALLS[3])
    token = placed["receipt"]["token"]["token"]
    [query] = [call for call in CALLS if call.name == "GetOrder"]
    shown = '{"consistency": {"at_least_as_fresh": {"token": "…"}}}'
    assert shown in SHOWN
    body = json.loads(shown.replace("…", token)) | {"order_id": "first"}
    [answer] = await _run(stack, Call(port=query.port, method=query.method, body=json.dumps(body)))
    assert answer["order"]["orderId"] == "first"
    assert int(answer["freshness"]["position"]) >= int(placed["receipt"]["position"])


async def test_a_misspelt_call_in_the_readme_would_be_found(stack: Stack) -> None:
    [right] = _calls('grpcurl -plaintext -d \'{"sku": "lamp"}\' 127.0.0.1:50052 a.B/GetProduct')
    assert right == Call(port="50052", method="a.B/GetProduct", body='{"sku": "lamp"}')
    for method, body in (
        ("diptych.orders.v1.OrderQueryService/GetProdukt", right.body),
        ("diptych.orders.v1.OrderQueryService/GetProduct", '{"skuh": "lamp"}'),
    ):
        with pytest.raises(AssertionError, match="GetProd"):
            await _run(stack, Call(port=right.port, method=method, body=body))
