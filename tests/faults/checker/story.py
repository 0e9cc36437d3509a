"""The staged run that the checker's own tests begin with: orders, tuition, repeats, refusals, queries."""

from datetime import timedelta
from typing import Any

from diptych.eventlog.v1 import event_log_service_pb2 as eventlog
from diptych.families.v1 import events_pb2 as family_events
from diptych.families.v1 import family_query_service_pb2 as family_queries
from diptych.families.v1.scores_pb2 import RiskTier
from diptych.families.v1.views_pb2 import EnrollmentReportRow, FamilySummary, PaymentMonth, RiskTierSummary
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1.order_command_service_pb2 import CreditNoteItemRequest, OrderItemRequest
from diptych.orders.v1.views_pb2 import OrderDashboard, OrderStatus, OrderStatusCount, SalesReportRow
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from tests import family_events as told
from tests import order_events as say
from tests.faults.checker.calls import Call
from tests.faults.checker.staged import Staged
from tests.faults.checker.staged_streams import streamed, subscribed, watched
from tests.faults.checker.staged_streams import told as told_as

_JUNE_30 = {"year": 2011, "month": 6, "day": 30}
_JULY_1 = {"year": 2011, "month": 7, "day": 1}


def story() -> Staged:
    """Twenty commands, the queries of their effects, the read models in the middle and at the end."""
    run = Staged()
    _open_shop(run)
    run.take_dump("orders")
    _sell(run)
    _teach(run)
    _ask(run)
    _look_on(run)
    for projection in ("orders", "families"):
        run.take_dump(projection)
    run.healed_at = run.now
    run.now += 100
    run.query("afterwards", "GetOrder", "o1")
    return run


def _open_shop(run: Staged) -> None:
    alice: Any = {"customer_id": "alice", "name": "Álice Smith", "email": "alice@example.com"}
    run.command("alice", "RegisterCustomer", events.CustomerRegistered(**alice), **alice)
    for sku, cents in (("mug", 500), ("tin", 300)):
        fields: Any = {"sku": sku, "name": sku.title(), "unit_price_cents": cents, "currency_code": "GBP"}
        run.command(sku, "RegisterProduct", events.ProductRegistered(**fields), **fields)
    for sku, units in (("mug", 10), ("tin", 5)):
        stock: Any = {"sku": sku, "quantity": units, "reference": "d1"}
        run.command(f"{sku} stock", "ReceiveStock", events.StockReceived(**stock), **stock)
    place(run, "o1", ("mug", 2, 500), ("tin", 1, 300))
    place(run, "o2", ("mug", 1, 500))


def place(run: Staged, order_id: str, *lines: say.Line) -> Call:
    """An order and what is reserved for it; each an hour younger than the one before."""
    at = say.START + timedelta(hours=int(order_id[1:]) - 1)
    placed = say.placed(order_id, *lines, name="Álice Smith", at=at)
    items = [OrderItemRequest(sku=sku, quantity=units) for sku, units, _ in lines]
    reserved = [events.StockReserved(sku=sku, quantity=n, order_id=order_id) for sku, n, _ in lines]
    fields: Any = {"order_id": order_id, "customer_id": "alice", "items": items}
    return run.command(order_id, "PlaceOrder", placed, *reserved, **fields)


def suspend(run: Staged) -> Call:
    """Alice may not order any more."""
    alice: Any = {"customer_id": "alice", "reason": "late"}
    return run.command("stop", "SuspendCustomer", events.CustomerSuspended(**alice), **alice)


def _sell(run: Staged) -> None:
    added = events.OrderItemAdded(order_id="o1", item=say.item("tin", 1, 300), total_cents=1600)
    reserved = events.StockReserved(sku="tin", quantity=1, order_id="o1")
    item = OrderItemRequest(sku="tin", quantity=1)
    run.command("add", "AddOrderItem", added, reserved, order_id="o1", item=item)
    approval: Any = {"order_id": "o1", "approved_by": "bob"}
    run.command("approve", "ApproveOrder", say.approved("o1"), expected_version=2, **approval)
    late = run.sent("approve late", "ApproveOrder", expected_version=2, **approval)
    late.stream = "order-o1"
    run.answer(late, "fail", code="ABORTED", reason="WRONG_EXPECTED_VERSION", current_version=3)
    refused = run.sent("no such order", "ShipOrder", order_id="o9")
    run.answer(refused, "fail", code="NOT_FOUND", reason="ORDER_NOT_FOUND")
    lost = place(run, "o3", ("mug", 3, 500))
    receipt = lost.answers.pop().receipt
    run.answer(lost, "info", code="UNAVAILABLE")
    run.answer(run.again("o3 again", lost), receipt=receipt, is_replayed=True)
    released = events.StockReleased(sku="mug", quantity=3, order_id="o3")
    run.command("cancel", "CancelOrder", say.cancelled("o3"), released, order_id="o3", reason="too late")
    back = events.StockReceived(sku="mug", quantity=1, credit_note_id="n1")
    issued = say.credited("n1", 500)
    issued.items[0].is_returned = True
    returned = CreditNoteItemRequest(sku="mug", quantity=1, is_returned=True)
    note: Any = {"credit_note_id": "n1", "customer_id": "alice", "items": [returned], "reason": "broken"}
    note["region_code"] = "GB"
    run.command("credit", "IssueCreditNote", issued, back, **note)
    never = run.sent("never", "ReceiveStock", sku="tin", quantity=99)
    run.answer(never, "info", code="DEADLINE_EXCEEDED")


def _teach(run: Staged) -> None:
    family: Any = {"family_id": "smith", "family_name": "Smith", "email": "smith@example.com"}
    run.command("enroll", "EnrollFamily", told.enrolled(), **family)
    invoice = told.invoiced("i1", 9_000, "2024-02-01")
    fields: Any = {"family_id": "smith", "invoice_id": "i1", "amount_cents": 9_000}
    run.command("invoice", "IssueTuitionInvoice", invoice, **fields)
    paid = family_events.PaymentReceived(
        family_id="smith",
        transaction_id="t1",
        amount_cents=10_000,
        currency_code="USD",
        received_date=told.day("2024-02-03"),
        payment_method="card",
        allocations=[family_events.PaymentAllocation(invoice_id="i1", amount_cents=9_000, days_late=2)],
        credit_cents=1_000,
    )
    payment: Any = {"family_id": "smith", "transaction_id": "t1", "amount_cents": 10_000}
    run.command("pay", "ReceivePayment", paid, **payment)


def _ask(run: Staged) -> None:
    run.query("read o1", "GetOrder", "o1", token=run["approve"].receipt)
    run.query("read o2", "GetOrder", "o2", token=run["pay"].receipt)
    run.query("read mug", "GetProduct", "mug", token=run["credit"].receipt)
    run.query("read alice", "GetCustomer", "alice")
    run.query("read smith", "GetFamily", "smith", token=run["pay"].receipt)
    run.scan("orders", "ListOrders", ["o3", "o2"], ["o1"], page_size=2)
    run.scan(
        "by total", "ListOrders", ["o2"], ["o3", "o1"], order_by=queries.ORDER_BY_TOTAL, is_ascending=True
    )
    run.scan("approved", "ListOrders", ["o1"], status=2)
    run.scan("products", "ListProducts", ["mug"], ["tin"])
    run.scan("families", "ListFamilies", ["smith"])
    rows = [
        _row(_JUNE_30, orders=1, units=4, gross_cents=1600, credit_cents=500, credit_notes=1),
        _row(_JULY_1, orders=1, units=1, gross_cents=500),
    ]
    run.report("report", "GetSalesReport", queries.GetSalesReportResponse(rows=rows), granularity=1)
    _look_at_dashboards(run)
    _look_at_payments(run)


def _look_on(run: Staged) -> None:
    everything = run.log.events
    subscribed(run, "followed", everything[:7], everything[7:])
    told_of = {"all read": everything, "families read": [it for it in everything if it.category == "family"]}
    for label, part in told_of.items():
        end = eventlog.ReadAllResponse(position=run.log.head, head=run.log.head)
        end.events.extend(map(told_as, part))
        categories = eventlog.EventFilter(categories=["family"] if part is not everything else [])
        streamed(run, label, "ReadAll", end, filter=categories)
    of_o1 = [told_as(event) for event in everything if event.stream == "order-o1"]
    streamed(run, "o1 read", "ReadStream", eventlog.ReadStreamResponse(events=of_o1), stream="order-o1")
    watched(run, "watched", "o1", "o2", "o3")


def _look_at_payments(run: Staged) -> None:
    month = PaymentMonth(currency_code="USD", families_active=1, families_paid_late=1, received_cents=10_000)
    month.month.year, month.month.month = 2024, 2
    month.revenue_collected_cents = month.revenue_expected_cents = 9_000
    month.avg_payment_days_late = month.median_payment_days_late = 2
    month.payment_method_breakdown.add(payment_method="card", collected_cents=9_000, payments=1)
    response = family_queries.GetPaymentAnalyticsResponse(months=[month])
    run.report("payments", "GetPaymentAnalytics", response, on_date=told.day("2024-05-01"))
    tiers = [RiskTierSummary(risk_tier=tier) for tier in reversed(RiskTier.values()[1:])]
    tiers[-1].families = 1
    run.report("tiers", "GetFamiliesByRiskTier", family_queries.GetFamiliesByRiskTierResponse(tiers=tiers))
    row = EnrollmentReportRow(risk_tier=tiers[-1].risk_tier, families=1)
    row.month.year, row.month.month = 2024, 1
    enrolled = family_queries.GetEnrollmentReportResponse(rows=[row])
    smith = run.side("families").documents["family_summary", "smith"]
    found = family_queries.SearchFamiliesResponse(families=[FamilySummary.FromString(smith.message)])
    run.report("search", "SearchFamilies", found, term="MIT")
    run.report("search in vain", "SearchFamilies", family_queries.SearchFamiliesResponse(), term="Jones")
    run.report("enrolled", "GetEnrollmentReport", enrolled)


def _look_at_dashboards(run: Staged) -> None:
    shown = zip(OrderStatus.values()[1:], (1, 1, 0, 0, 1), strict=True)
    counts = [OrderStatusCount(status=status, orders=orders) for status, orders in shown]
    everything = OrderDashboard(counts=counts, total_count=3, open_revenue_cents=2100)
    everything.total_revenue_cents, everything.currency_code = 2100, "GBP"
    everything.revenue.add(currency_code="GBP", open_revenue_cents=2100, total_revenue_cents=2100)
    response = queries.GetOrderDashboardResponse(dashboard=everything)
    run.report("dashboard", "GetOrderDashboard", response)
    counts = [OrderStatusCount(status=status) for status in OrderStatus.values()[1:]]
    nothing = queries.GetOrderDashboardResponse(dashboard=OrderDashboard(counts=counts))
    run.report("dashboard of much", "GetOrderDashboard", nothing, is_high_value=True)
    run.report("bob's dashboard", "GetOrderDashboard", nothing, customer_id="bob")


def _row(day: dict[str, int], **amounts: Any) -> SalesReportRow:
    row = SalesReportRow(period=Date(**day), currency_code="GBP", **amounts)
    row.net_cents = row.gross_cents - row.credit_cents
    return row
