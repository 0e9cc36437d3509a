"""Lists of families, and search by a part of a name."""

from diptych.families.v1.family_query_service_pb2 import (
    FAMILY_ORDER_BY_ENGAGEMENT,
    FAMILY_ORDER_BY_ENROLLMENT_DATE,
    FAMILY_ORDER_BY_NAME,
    FAMILY_ORDER_BY_RISK,
    FamilyOrderBy,
    ListFamiliesRequest,
    SearchFamiliesRequest,
)
from diptych.families.v1.scores_pb2 import RiskTier
from diptych.families.v1.views_pb2 import FamilyStatus

from read_service.freshness import FreshReads
from read_service.page_tokens import PageTokens
from read_service.pages import Pages, one_page, stream_pages
from read_service.refusals import invalid_field
from read_service.walks import ANY_LIMIT, walk_through
from read_store import Page, TextPage, fold_text

_VIEW = "family_summary"
_LIST_SIZE = 100
_SEARCH_LIMIT = 50
# How many families one read looks at where most may not be what is asked for: some 10 ms of the store's time.
_SEARCH_WORK = 5_000
_FILTER_WORK = 2_000
_ORDERS: dict[FamilyOrderBy.ValueType, str] = {
    FAMILY_ORDER_BY_RISK: "risk",
    FAMILY_ORDER_BY_ENGAGEMENT: "engagement",
    FAMILY_ORDER_BY_ENROLLMENT_DATE: "enrolled",
}


def list_families(reads: FreshReads, request: ListFamiliesRequest, key: bytes) -> Pages:
    """Yield pages of all families that meet the filters."""
    bound = ListFamiliesRequest()
    bound.CopyFrom(request)
    bound.order_by = request.order_by or FAMILY_ORDER_BY_NAME
    is_by_name = bound.order_by == FAMILY_ORDER_BY_NAME
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("ListFamilies", bound, key),
        walk=walk_through(_by_name(bound) if is_by_name else _by_score(bound)),
        default_size=_LIST_SIZE,
    )


async def search_families(reads: FreshReads, request: SearchFamiliesRequest, key: bytes) -> bytes:
    """Answer families by name; raise ServiceError INVALID_REQUEST for a term without letters and digits."""
    if not fold_text(request.term):
        raise invalid_field("term", "has no letter or digit to search for")
    found = TextPage(
        view=_VIEW,
        index="family_search",
        limit=ANY_LIMIT,
        query=request.term,
        work_limit=_SEARCH_WORK,
    )
    return await one_page(
        reads,
        request,
        tokens=PageTokens("SearchFamilies", request, key),
        walk=walk_through(found),
        default_size=_SEARCH_LIMIT,
    )


def _by_score(request: ListFamiliesRequest) -> Page:
    order = _ORDERS[request.order_by]
    return Page(
        view=_VIEW,
        indexes=_facets(request, order) or (order,),
        limit=ANY_LIMIT,
        descending=not request.is_reversed,
    )


def _by_name(request: ListFamiliesRequest) -> TextPage:
    return TextPage(
        view=_VIEW,
        index="family_search",
        limit=ANY_LIMIT,
        descending=request.is_reversed,
        ranks_descending=request.is_reversed,
        indexes=_facets(request, "enrolled"),
        work_limit=_FILTER_WORK,
    )


def _facets(request: ListFamiliesRequest, order: str) -> tuple[str, ...]:
    """Answer the indexes of that order that a family must stand in to meet the filters."""
    facets = []
    if request.status:
        facets.append(f"{order}/status/{FamilyStatus.Name(request.status).removeprefix('FAMILY_STATUS_')}")
    if request.risk_tier:
        facets.append(f"{order}/tier/{RiskTier.Name(request.risk_tier).removeprefix('RISK_TIER_')}")
    return tuple(facets)
