"""How often what is rare came about in a run: a run without it has shown nothing of it."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID

from tests.faults.checker.calls import Answer, Call, Page
from tests.faults.checker.findings import Evidence
from tests.faults.checker.read_dump import ReadDump

_REFUSED = {
    "WRONG_EXPECTED_VERSION": "another version was expected",
    "CONCURRENT_UPDATE": "commands kept overtaking each other",
    "COMMAND_ID_REUSED": "other content came under a used id",
    "COMMIT_OUTCOME_UNKNOWN": "nobody knew whether a commit was made",
    "ACCOUNT_SUSPENDED": "a customer was suspended, which is only read",
    "INSUFFICIENT_INVENTORY": "stock ran out",
    "PROJECTION_BEHIND": "a token was waited for in vain",
    "EPOCH_CHANGED": "a token was of what a restore took away",
    "GENERATION_GONE": "a list's generation was gone",
    "LOG_UNAVAILABLE": "the log was away",
    "READ_STORE_UNAVAILABLE": "the read models were away",
}
_OF_COMMANDS = (
    "a lost answer was given again",
    "a command was accepted and nobody was told",
    "a command was lost and nobody was told",
    "one id was sent twice at once",
    "other content raced for an id",
    "a receipt was of a history that was given up",
)
_OF_READS = (
    "an answer was late and said so",
    "an answer was stale and said so",
    "a token of an older history was honoured",
    "a list went on in another call",
    "a list went on in another history",
    "a list went on in another generation",
    "a list was broken off by an epoch",
)
_OF_READ_MODELS = (
    "another projector took over",
    "a generation was replaced",
    "read models were of a dead history",
)


def situations(evidence: Evidence) -> dict[str, int]:
    """By what came about how often, also what never did."""
    found = Counter(dict.fromkeys((*_REFUSED.values(), *_OF_COMMANDS, *_OF_READS, *_OF_READ_MODELS), 0))
    for call in evidence.calls:
        last = call.last
        if last is not None and last.reason in _REFUSED:
            found[_REFUSED[last.reason]] += 1
    found.update(_of_commands(evidence))
    found.update(_of_answers(evidence))
    found.update(_of_lists(evidence))
    for dump in evidence.final:
        found.update(_of_dump(evidence, dump))
    return dict(found)


def _of_commands(evidence: Evidence) -> Iterator[str]:
    sends = defaultdict[UUID, list[Call]](list)
    for call in evidence.commands:
        assert call.command_id is not None
        sends[call.command_id].append(call)
        receipt = call.receipt
        if receipt is not None and receipt.epoch in evidence.log.forks:
            yield "a receipt was of a history that was given up"
    for command_id, calls in sends.items():
        calls.sort(key=lambda call: call.at)
        is_lost = calls[0].outcome == "info"
        if is_lost and any(call.last is not None and call.last.is_replayed for call in calls):
            yield "a lost answer was given again"
        if all(call.outcome != "ok" for call in calls) and any(call.outcome == "info" for call in calls):
            is_there = command_id in evidence.index.by_command
            yield f"a command was {'accepted' if is_there else 'lost'} and nobody was told"
        for before, after in pairwise(calls):
            if after.at < (before.last.at if before.last else math.inf):
                is_same = after.request == before.request
                yield "one id was sent twice at once" if is_same else "other content raced for an id"


def _of_answers(evidence: Evidence) -> Iterator[str]:
    for call in evidence.queries:
        for answer in call.answers:
            freshness = answer.freshness
            if freshness is None or answer.kind != "ok":
                continue
            if freshness.lag_seconds > 0:
                yield "an answer was late and said so"
            if freshness.is_stale:
                yield "an answer was stale and said so"
            if call.token is not None and call.token.epoch != freshness.epoch:
                yield "a token of an older history was honoured"


def _of_lists(evidence: Evidence) -> Iterator[str]:
    shown = defaultdict[str, list[tuple[Page, Call, Answer]]](list)
    for call in evidence.queries:
        for answer in call.answers:
            if answer.page is not None and answer.freshness is not None:
                shown[answer.page.scan].append((answer.page, call, answer))
        if call.last is not None and call.last.reason == "EPOCH_CHANGED" and call.page is not None:
            yield "a list was broken off by an epoch"
    for pages in shown.values():
        pages.sort(key=lambda each: each[0].number)
        for (_, first, before), (_, second, after) in pairwise(pages):
            assert before.freshness is not None
            assert after.freshness is not None
            if first is not second:
                yield "a list went on in another call"
            if before.freshness.epoch != after.freshness.epoch:
                yield "a list went on in another history"
            elif before.freshness.generation != after.freshness.generation:
                yield "a list went on in another generation"


def _of_dump(evidence: Evidence, dump: ReadDump) -> Iterator[str]:
    yield from ("another projector took over" for _ in range(max(0, dump.fence - 1)))
    yield from ("a generation was replaced" for _ in range(max(0, dump.generation - 1)))
    looks = [look for look in evidence.read_models if look.projection == dump.projection]
    yield from ("read models were of a dead history" for look in looks if look.epoch in evidence.log.forks)
