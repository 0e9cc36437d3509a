"""Which families a search must find at a position, by the names in the log alone."""

from typing import Any

from tests.faults.checker.documents import Documents
from tests.faults.checker.log_dump import LogIndex
from tests.plain_text import term_of

Fields = dict[str, Any]

_USUAL_LIMIT, _MOST = 50, 500
_CATEGORY = "family"


def families_found(
    index: LogIndex, documents: Documents, position: int, request: Any, response: Any
) -> list[tuple[Fields, Fields | None]]:
    """The ids that a first page says, and those that it should say; of later pages nothing."""
    if request.page_token:
        return []
    term, found = term_of(request.term), []
    for stream, events in index.by_stream.items():
        version = index.version_at(stream, position) if events[0].category == _CATEGORY else 0
        if version == 0:
            continue
        for (_, id_), (text, _) in documents.fold(events[:version]).texts.items():
            if any(term in line for line in text.split("\n")):
                found.append((text.encode(), id_))
    limit = min(request.limit or _USUAL_LIMIT, _MOST)
    # A page that is full to the last family may lead to an empty one.
    may_go_on = bool(response.next_page_token) and len(found) == limit
    right = {"ids": [id_ for _, id_ in sorted(found)[:limit]], "goes_on": len(found) > limit or may_go_on}
    said = {"ids": [row.family_id for row in response.families], "goes_on": bool(response.next_page_token)}
    return [(said, right)]
