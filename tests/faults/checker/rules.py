"""Rules: nothing was decided on what was not so, whichever streams a decision only read."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

from tests.faults.checker.calls import Call
from tests.faults.checker.contents import effective_calls, is_accepted
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.requests import request_of, response_of
from tests.faults.checker.school_rules import School
from tests.faults.checker.shop_rules import Shop

_FAMILIES = "family"


def decided_on_what_was_so(evidence: Evidence) -> Findings:
    """Rules: each command was allowed by the state just before its place in the log, its events follow from
    that state, and its answers say what was so just behind it.

    The log's order respects real time (C6), so nothing was allowed by what was known to be over.
    """
    asked, answered = effective_calls(evidence), defaultdict[UUID, list[Call]](list)
    for call in evidence.commands:
        if call.command_id is not None and is_accepted(evidence, call):
            answered[call.command_id].append(call)
    shop, school = Shop(), School()
    for command_id, group in groupby(evidence.log.events, key=lambda event: event.command_id):
        rows = list(group)
        replay = school if rows[0].category == _FAMILIES else shop
        messages = [row.message for row in rows]
        request = request_of(asked[command_id]) if command_id in asked else None
        wrongs = list(replay.take(messages, request))
        for wrong in wrongs if rows[0].position > evidence.begins_after else ():
            yield found("rules", f"{rows[0].place} ({messages[0].DESCRIPTOR.name}): {wrong}")
        for call in answered.get(command_id, ()):
            yield from _unlike(call, messages[0], replay.facts(messages[0]))


def _unlike(call: Call, event: Any, facts: dict[str, Any]) -> Iterator[Violation]:
    response = response_of(call.method, call.last.response if call.last else None)
    for field in response.DESCRIPTOR.fields if response is not None else ():
        right = facts.get(field.name, getattr(event, field.name, None))
        said = getattr(response, field.name)
        if field.name != "receipt" and right is not None and said != right:
            yield found("rules", f"{call.place}: answered {field.name} {said!r:.80}, it was {right!r:.80}")
