"""Shows on the terminal what the read service answers about the demo's families."""

from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1 import family_query_service_pb2_grpc as stubs
from diptych.families.v1 import scores_pb2 as scores
from google.protobuf.duration_pb2 import Duration
from rich.console import Console
from rich.table import Table

from command_line.demo_answers import DEADLINE_SECONDS, money, table
from service_kit.channels import open_channel


def show_family_answers(console: Console, read_address: str, token: ConsistencyToken) -> None:
    """Ask three queries that include everything up to the token. Raises grpc.RpcError."""
    fresh = Consistency(at_least_as_fresh=token, max_wait=Duration(seconds=30))
    with open_channel(read_address) as channel:
        stub = stubs.FamilyQueryServiceStub(channel)
        console.print(_tiers(stub, fresh), _at_risk(stub, fresh), _payments(stub, fresh))


def _tiers(stub: stubs.FamilyQueryServiceStub, fresh: Consistency) -> Table:
    request = queries.GetFamiliesByRiskTierRequest(consistency=fresh)
    shown = table("GetFamiliesByRiskTier", "tier", "families", "engagement", "risk")
    for tier in stub.GetFamiliesByRiskTier(request, timeout=DEADLINE_SECONDS).tiers:
        averages = (f"{tier.average_engagement:.1f}", f"{tier.average_risk:.1f}")
        shown.add_row(_name(tier.risk_tier), f"{tier.families:,}", *averages)
    return shown


def _at_risk(stub: stubs.FamilyQueryServiceStub, fresh: Consistency) -> Table:
    request = queries.ListAtRiskFamiliesRequest(consistency=fresh, limit=5)
    shown = table("ListAtRiskFamilies", "family", "risk", "priority", "intervention", "coordinator")
    for page in stub.ListAtRiskFamilies(request, timeout=DEADLINE_SECONDS):
        for family in page.families:
            shown.add_row(
                family.family_name,
                str(family.risk_score),
                str(family.intervention_priority),
                family.recommended_intervention,
                family.assigned_coordinator,
            )
    return shown


def _payments(stub: stubs.FamilyQueryServiceStub, fresh: Consistency) -> Table:
    request = queries.GetPaymentAnalyticsRequest(consistency=fresh)
    columns = ("on time", "late", "overdue", "collected", "expected", "median late")
    shown = table("GetPaymentAnalytics", "month", *columns)
    for month in stub.GetPaymentAnalytics(request, timeout=DEADLINE_SECONDS).months[:5]:
        families = (month.families_paid_on_time, month.families_paid_late, month.families_overdue)
        cents = (month.revenue_collected_cents, month.revenue_expected_cents)
        shown.add_row(
            f"{month.month.year}-{month.month.month:02}",
            *(f"{count:,}" for count in families),
            *(money(amount, month.currency_code) for amount in cents),
            f"{month.median_payment_days_late:g}",
        )
    return shown


def _name(tier: "scores.RiskTier.ValueType") -> str:
    return scores.RiskTier.Name(tier).removeprefix("RISK_TIER_").lower()
