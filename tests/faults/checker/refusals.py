"""Rules: what a refusal says was so at some moment of the call, also on streams that are only read."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.faults.checker.calls import Call
from tests.faults.checker.findings import Evidence, Findings, found
from tests.faults.checker.requests import request_of
from tests.faults.checker.timeline import stream_of
from tests.faults.checker.times import Times

Document = dict[str, Any] | None
# Which entities a reason is about, and when it is true of one of them.
Reason = tuple[str, Callable[[Any], Sequence[str]], Callable[[Document, str, Any], bool]]


def refused_for_what_was_so(evidence: Evidence) -> Findings:
    """Rules: a command was refused for what one of its streams was in the time of the call."""
    times = Times(evidence)
    # What a restore took away is not known, and may have been the reason.
    since = max((fork.replaced_at for fork in evidence.log.forks.values()), default=-math.inf)
    for call in evidence.commands:
        reason = call.last.reason if call.last is not None and call.last.kind == "fail" else None
        request = request_of(call) if reason in _REASONS and call.at > since else None
        if request is None:
            continue
        view, ids_of, is_so = _REASONS[reason or ""]
        if not any(
            is_so(document, id_, request)
            for id_ in ids_of(request)
            for document in _documents(evidence, times, call, view, id_)
        ):
            yield found("rules", f"{call.place}: refused with {reason}, which was not so all the time")


def _documents(evidence: Evidence, times: Times, call: Call, view: str, id_: str) -> Iterator[Document]:
    """What an entity may have been in the time of a call."""
    stream = stream_of(view, id_)
    events = evidence.index.by_stream.get(stream, [])
    first = next((each.version for each in reversed(events) if times.acknowledged(each) < call.at), 0)
    last = next((each.version for each in reversed(events) if times.sent(each) <= call.ended), first)
    for version in range(first, last + 1):
        yield evidence.documents.of_version(view, id_, version) if version else None


def _one(name: str) -> Callable[[Any], Sequence[str]]:
    return lambda request: [getattr(request, name)]


def _skus(request: Any) -> Sequence[str]:
    return list(_wanted(request))


def _wanted(request: Any) -> Counter[str]:
    """Units by sku; of an order that is made or grows, or of stock that is taken away."""
    wanted: Counter[str] = Counter()
    if hasattr(request, "delta"):
        wanted[request.sku] = -request.delta
    elif hasattr(request, "items") or hasattr(request, "item"):
        for item in request.items if hasattr(request, "items") else [request.item]:
            wanted[item.sku] += item.quantity
    else:
        wanted[request.sku] = 0
    return wanted


def _is_missing(document: Document, _id: str, _request: Any) -> bool:
    return document is None


def _is_there(document: Document, _id: str, _request: Any) -> bool:
    return document is not None


def _is(*statuses: str) -> Callable[[Document, str, Any], bool]:
    return lambda document, _id, _request: document is not None and document["status"] in statuses


def _is_not(status: str) -> Callable[[Document, str, Any], bool]:
    return lambda document, _id, _request: document is not None and document["status"] != status


def _is_anothers(document: Document, _id: str, request: Any) -> bool:
    """Or nobody's; only who asks for a credit note says whose it should be."""
    asked_for = getattr(request, "customer_id", None)
    return document is None or asked_for not in (None, document["customer_id"])


def _is_short(document: Document, sku: str, request: Any) -> bool:
    return document is not None and document["available"] < _wanted(request)[sku]


def _lacks_line(document: Document, _id: str, request: Any) -> bool:
    return document is not None and all(line["sku"] != request.sku for line in document["items"])


def _has_no_more(document: Document, _id: str, request: Any) -> bool:
    if document is None:
        return not request.items
    return all(line["sku"] == request.sku for line in document["items"])


_ORDER, _CUSTOMER, _FAMILY = _one("order_id"), _one("customer_id"), _one("family_id")
_REASONS: dict[str, Reason] = {
    "ORDER_NOT_FOUND": ("order_details", _ORDER, _is_anothers),
    "ORDER_EXISTS": ("order_details", _ORDER, _is_there),
    "ORDER_NOT_PENDING": ("order_details", _ORDER, _is_not("PENDING")),
    "ORDER_NOT_APPROVED": ("order_details", _ORDER, _is_not("APPROVED")),
    "ORDER_NOT_SHIPPED": ("order_details", _ORDER, _is_not("SHIPPED")),
    "ORDER_ALREADY_SHIPPED": ("order_details", _ORDER, _is("SHIPPED", "DELIVERED")),
    "ORDER_ALREADY_CANCELLED": ("order_details", _ORDER, _is("CANCELLED")),
    "ORDER_ITEM_NOT_FOUND": ("order_details", _ORDER, _lacks_line),
    "EMPTY_ORDER": ("order_details", _ORDER, _has_no_more),
    "CUSTOMER_NOT_FOUND": ("customer", _CUSTOMER, _is_missing),
    "CUSTOMER_EXISTS": ("customer", _CUSTOMER, _is_there),
    "CUSTOMER_ALREADY_SUSPENDED": ("customer", _CUSTOMER, _is("SUSPENDED")),
    "CUSTOMER_NOT_SUSPENDED": ("customer", _CUSTOMER, _is_not("SUSPENDED")),
    "ACCOUNT_SUSPENDED": ("customer", _CUSTOMER, _is("SUSPENDED")),
    "PRODUCT_NOT_FOUND": ("product", _skus, _is_missing),
    "PRODUCT_EXISTS": ("product", _skus, _is_there),
    "INSUFFICIENT_INVENTORY": ("product", _skus, _is_short),
    "CREDIT_NOTE_EXISTS": ("credit_note", _one("credit_note_id"), _is_there),
    "FAMILY_NOT_FOUND": ("family_details", _FAMILY, _is_missing),
    "FAMILY_ALREADY_ENROLLED": ("family_details", _FAMILY, _is_there),
    "FAMILY_WITHDRAWN": ("family_details", _FAMILY, _is("WITHDRAWN")),
}
