"""How much each check had to look at: the n that stands beside every zero."""

from collections import Counter, defaultdict
from uuid import UUID

from tests.faults.checker.calls import Answer, Call
from tests.faults.checker.findings import Evidence
from tests.faults.checker.log_reads import METHODS as LOG_READS
from tests.faults.checker.requests import consistency_of


def figures(evidence: Evidence) -> dict[str, int]:
    """By check, of what there was how many; a check with nothing to look at has shown nothing."""
    accepted = [call for call in evidence.commands if call.receipt is not None]
    answers = [(call, answer) for call in evidence.queries for answer in call.answers if answer.kind == "ok"]
    dumps = [*evidence.read_models, *evidence.final]
    sends = Counter(call.command_id for call in evidence.commands)
    steps = sum(len(dump.trace or ()) for dump in evidence.final)
    return {
        "C1 accepted commands": len(accepted),
        "C2 events": len(evidence.log.events) - evidence.begins_after,
        "C3 commands sent more than once": sum(times > 1 for times in sends.values()),
        "C4 events": len(evidence.log.events),
        "C5 commands with an expected version": _expecting(evidence),
        "C6 commands in the order of time": len({call.command_id for call in accepted}),
        "C7 looks and steps": len(dumps) + steps,
        "C8 looks": len(dumps),
        "C8 values": sum(len(it.documents) + len(it.scores) + len(it.tallies) for it in dumps),
        "C9 answers to tokens": sum(call.token is not None for call, _ in answers),
        "C9 fully consistent answers": sum(_is_fully_consistent(call) for call, _ in answers),
        "C10 answers": len(answers),
        "C10 whole responses": sum(answer.response is not None for _, answer in answers),
        "C11 scans": len(_scans(answers)),
        "C12 answers": sum(answer.freshness is not None for _, answer in answers),
        "C13 steps": steps,
        "C15 calls after recovery": _afterwards(evidence),
        "rules decisions": len(evidence.index.by_command),
        "P3 ids with two contents": sum(len(its) > 1 for its in _contents(evidence).values()),
        "log answers": sum(call.method in LOG_READS for call, _ in answers),
        "watch answers": sum(call.method == "WatchOrders" for call, _ in answers),
        "stock events": sum(event.category == "product" for event in evidence.log.events),
    }


def _contents(evidence: Evidence) -> dict[UUID | None, set[bytes | None]]:
    sent = defaultdict[UUID | None, set[bytes | None]](set)
    for call in evidence.commands:
        sent[call.command_id].add(call.request)
    return sent


def _expecting(evidence: Evidence) -> int:
    return sum(call.expected_version is not None for call in evidence.commands)


def _is_fully_consistent(call: Call) -> bool:
    consistency = consistency_of(call)
    return consistency is not None and consistency.fully_consistent


def _scans(answers: list[tuple[Call, Answer]]) -> set[str]:
    return {answer.page.scan for _, answer in answers if answer.page is not None and answer.page.is_last}


def _afterwards(evidence: Evidence) -> int:
    if evidence.healed_at is None:
        return 0
    then = evidence.healed_at + evidence.limits.recovery_seconds
    return sum(call.at > then for call in evidence.calls)
