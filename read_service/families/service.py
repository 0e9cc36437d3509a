"""FamilyQueryService: each RPC by name, answered by the file of its subject."""

from collections.abc import AsyncGenerator

from diptych.families.v1 import family_query_service_pb2 as queries

from read_service.changes import watch_list
from read_service.dates import today_utc
from read_service.entities import get_entity, watch_entity
from read_service.families.at_risk import list_at_risk_families, watched_families
from read_service.families.days import on_date_of
from read_service.families.entities import account_of, family_of
from read_service.families.lists import list_families, search_families
from read_service.families.payments import payment_months
from read_service.families.tiers import enrollment_report, families_by_tier
from read_service.freshness import FreshReads
from read_service.pages import Pages
from read_service.reports import Reports, question_of
from read_service.sums import get_sums, watch_sums
from read_service.watch import HEARTBEAT_SECONDS, Watch
from service_kit.context import CallContext

# The RPCs that go on until one side ends them.
ENDLESS = frozenset(
    ("WatchFamily", "WatchAtRiskFamilies", "WatchFamiliesByRiskTier", "WatchPaymentAnalytics")
)

Responses = AsyncGenerator[bytes, None] | Pages


class FamilyQueryService:
    """Answers with the bytes of responses, which are joined from what is stored."""

    def __init__(
        self, reads: FreshReads, *, token_key: bytes, heartbeat_seconds: float = HEARTBEAT_SECONDS
    ) -> None:
        self._reads = reads
        self._reports = Reports(reads)
        self._token_key = token_key
        self._heartbeat_seconds = heartbeat_seconds

    async def get_family(self, request: queries.GetFamilyRequest, _context: CallContext) -> bytes:
        on_date = on_date_of(request)
        family = family_of(request.family_id, lambda: on_date)
        return await get_entity(self._reads, request.consistency, family)

    async def get_tuition_account(
        self, request: queries.GetTuitionAccountRequest, _context: CallContext
    ) -> bytes:
        account = account_of(request.family_id, on_date_of(request))
        return await get_entity(self._reads, request.consistency, account)

    def list_families(self, request: queries.ListFamiliesRequest, _context: CallContext) -> Responses:
        return list_families(self._reads, request, self._token_key)

    def list_at_risk_families(
        self, request: queries.ListAtRiskFamiliesRequest, _context: CallContext
    ) -> Responses:
        return list_at_risk_families(self._reads, request, self._token_key)

    async def get_families_by_risk_tier(
        self, request: queries.GetFamiliesByRiskTierRequest, _context: CallContext
    ) -> bytes:
        return await get_sums(self._reports, question_of(request), request.consistency, families_by_tier)

    async def get_enrollment_report(
        self, request: queries.GetEnrollmentReportRequest, _context: CallContext
    ) -> bytes:
        return await get_sums(
            self._reports, question_of(request), request.consistency, lambda: enrollment_report(request)
        )

    async def get_payment_analytics(
        self, request: queries.GetPaymentAnalyticsRequest, _context: CallContext
    ) -> bytes:
        on_date = on_date_of(request)
        # Left out in the request, the day is today's.
        question = question_of(request) + f"{on_date:%Y-%m-%d}".encode()
        return await get_sums(
            self._reports, question, request.consistency, lambda: payment_months(request, lambda: on_date)
        )

    async def search_families(self, request: queries.SearchFamiliesRequest, _context: CallContext) -> bytes:
        return await search_families(self._reads, request, self._token_key)

    def watch_family(self, request: queries.WatchFamilyRequest, _context: CallContext) -> Responses:
        return watch_entity(self._watch(), request, family_of(request.family_id, today_utc))

    def watch_at_risk_families(
        self, request: queries.WatchAtRiskFamiliesRequest, _context: CallContext
    ) -> Responses:
        return watch_list(self._watch(), request, watched_families(request))

    def watch_families_by_risk_tier(
        self, request: queries.WatchFamiliesByRiskTierRequest, _context: CallContext
    ) -> Responses:
        return watch_sums(self._watch(), request.consistency, families_by_tier())

    def watch_payment_analytics(
        self, request: queries.WatchPaymentAnalyticsRequest, _context: CallContext
    ) -> Responses:
        return watch_sums(self._watch(), request.consistency, payment_months(request, today_utc))

    def _watch(self) -> Watch:
        return Watch(self._reads, self._heartbeat_seconds)
