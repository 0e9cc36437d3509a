"""The families that may leave, in the order of what to do first, and what changes there."""

from collections.abc import Callable
from datetime import date

from diptych.families.v1.family_query_service_pb2 import ListAtRiskFamiliesRequest, WatchAtRiskFamiliesRequest
from diptych.families.v1.views_pb2 import FAMILY_STATUS_ENROLLED, AtRiskFamily

from read_service.changes import Standing, WatchedList
from read_service.dates import today_utc
from read_service.families.days import at_risk_on, on_date_of
from read_service.freshness import FreshReads
from read_service.page_tokens import PageTokens
from read_service.pages import Pages, stream_pages
from read_service.walks import ANY_LIMIT, walk_encoded
from read_store import Page, Probe, Row

_VIEW = "at_risk_family"
_DEFAULT_SIZE = 100
_DEFAULT_MIN_RISK_SCORE = 70
# The least scores of the tiers: from each of them up there is an index in the order of the list.
_FLOORS = (0, 40, 70, 85)


def list_at_risk_families(reads: FreshReads, request: ListAtRiskFamiliesRequest, key: bytes) -> Pages:
    """Yield pages of the enrolled families at risk, the highest priority first, then the highest score."""
    bound = ListAtRiskFamiliesRequest()
    bound.CopyFrom(request)
    bound.min_risk_score = _min_risk_score(request)
    on_date = on_date_of(request)
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("ListAtRiskFamilies", bound, key),
        walk=walk_encoded(_at_risk(bound.min_risk_score), _encode(lambda: on_date)),
        default_size=_DEFAULT_SIZE,
    )


def watched_families(request: WatchAtRiskFamiliesRequest) -> WatchedList:
    """Answer the list as a watch sees it, with days counted to the day on which each is sent."""
    min_risk_score = _min_risk_score(request)

    def standing(row: Row) -> Standing:
        family = AtRiskFamily.FromString(row.message)
        if family.status == FAMILY_STATUS_ENROLLED and family.risk_score >= min_risk_score:
            return Standing.ON_LIST
        has_been = family.highest_risk_score >= min_risk_score
        return Standing.OFF_LIST if has_been else Standing.NEVER_ON_LIST

    return WatchedList(
        view=_VIEW,
        probes=(_score_probe(min_risk_score),),
        lasting_probes=(),
        standing=standing,
        encode=_encode(today_utc),
    )


def _at_risk(min_risk_score: int) -> Page:
    floor = max(floor for floor in _FLOORS if floor <= min_risk_score)
    return Page(
        view=_VIEW,
        indexes=(f"at_risk/{floor}",),
        limit=ANY_LIMIT,
        descending=True,
        probes=() if floor == min_risk_score else (_score_probe(min_risk_score),),
    )


def _score_probe(min_risk_score: int) -> Probe:
    return Probe(index="at_risk_score", min=min_risk_score)


def _min_risk_score(request: ListAtRiskFamiliesRequest | WatchAtRiskFamiliesRequest) -> int:
    return request.min_risk_score if request.HasField("min_risk_score") else _DEFAULT_MIN_RISK_SCORE


def _encode(on_date: Callable[[], date]) -> Callable[[Row], bytes]:
    def encode(row: Row) -> bytes:
        return at_risk_on(on_date(), AtRiskFamily.FromString(row.message)).SerializeToString()

    return encode
