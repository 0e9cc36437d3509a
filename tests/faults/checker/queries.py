"""C9 never older than the token, C10 what the log was at the answer's position, C12 no younger than said."""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from uuid import UUID

from diptych.consistency.v1.consistency_pb2 import ON_TIMEOUT_SERVE_STALE

from tests.faults.checker.answers import unlike_the_log
from tests.faults.checker.calls import Answer, Call, Entity, Freshness, Point
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.listings import LISTINGS
from tests.faults.checker.log_dump import microseconds_of
from tests.faults.checker.requests import consistency_of
from tests.faults.checker.timeline import stream_of


def never_older_than_the_token(evidence: Evidence) -> Findings:
    """C9: an answer to a token includes the token's place, or says that it is stale where that was allowed;
    a fully consistent one includes all that anybody knew to be accepted when it was asked for."""
    yield from _not_fully_consistent(evidence)
    for call in evidence.queries:
        token = call.token
        if token is None:
            continue
        for answer in call.answers:
            if answer.kind == "ok" and answer.freshness is not None:
                yield from _older(evidence, call, token, answer, answer.freshness)
            elif answer.code == "NOT_FOUND":
                yield from _not_found(evidence, call, token)


def _older(
    evidence: Evidence, call: Call, token: Point, answer: Answer, freshness: Freshness
) -> Iterator[Violation]:
    if token.epoch != freshness.epoch and not _is_shared(evidence, token, freshness):
        what = f"token of epoch {token.epoch} at {token.position}, answered from epoch {freshness.epoch}"
        yield found("C9", f"{call.place}: {what}")
        return
    if freshness.is_stale and _may_be_stale(call):
        return
    if freshness.position < token.position:
        yield found("C9", f"{call.place}: answered from {freshness.position}, token {token.position}")
    entity = answer.entity
    is_its_own = entity is not None and token.stream == stream_of(entity.view, entity.id)
    if is_its_own and entity is not None and (entity.version or 0) < token.version:
        yield found("C9", f"{call.place}: version {entity.version}, token {token.version} of {token.stream}")


def _may_be_stale(call: Call) -> bool:
    consistency = consistency_of(call)
    return consistency is None or consistency.on_timeout == ON_TIMEOUT_SERVE_STALE


def _not_fully_consistent(evidence: Evidence) -> Iterator[Violation]:
    known = _known(evidence)
    for call in evidence.queries:
        consistency = consistency_of(call)
        if consistency is None or not consistency.fully_consistent:
            continue
        for answer in call.answers:
            freshness = answer.freshness
            if freshness is None or (freshness.is_stale and _may_be_stale(call)):
                continue
            moments, highest = known.get(freshness.epoch, ([], []))
            before = bisect_left(moments, call.at)
            if before and freshness.position < highest[before - 1]:
                what = f"answered from {freshness.position}, {highest[before - 1]} was known before"
                yield found("C9", f"{call.place}: fully consistent, {what}")


def _known(evidence: Evidence) -> dict[UUID, tuple[list[float], list[int]]]:
    """Of each epoch the moments when commands were known to be accepted, and the highest position by then."""
    known = defaultdict[UUID, list[tuple[float, int]]](list)
    for call in evidence.commands:
        if call.receipt is not None:
            known[call.receipt.epoch].append((call.ended, call.receipt.position))
    return {
        epoch: ([moment for moment, _ in its], list(accumulate((position for _, position in its), max)))
        for epoch, its in ((epoch, sorted(its)) for epoch, its in known.items())
    }


def _is_shared(evidence: Evidence, token: Point, freshness: Freshness) -> bool:
    """Whether what the token stands for is part of the history that answered."""
    log = evidence.log
    return freshness.epoch == log.epoch and log.holds(token.epoch, token.position)


def _not_found(evidence: Evidence, call: Call, token: Point) -> Iterator[Violation]:
    if call.entity is None or not evidence.log.holds(token.epoch, token.position):
        return
    first = evidence.index.event(stream_of(call.entity.view, call.entity.id), 1)
    if first is not None and first.position <= token.position:
        yield found("C9", f"{call.place}: not found, though the token includes {first.place}")


def equal_to_the_log(evidence: Evidence) -> Findings:
    """C10: versions, rows and whole responses are those of the log at the answer's position, behind whole
    commands; nothing is answered from a history long given up."""
    answered = [
        (answer.freshness, call, answer)
        for call in evidence.queries
        for answer in call.answers
        if answer.kind == "ok" and answer.freshness is not None
    ]
    recorded: list[tuple[int, Call, Answer]] = []
    for freshness, call, answer in sorted(answered, key=lambda each: each[0].position):
        if not evidence.log.holds(freshness.epoch, freshness.position):
            yield from _dead(evidence, call, freshness)
            continue
        yield from _unlike_place(evidence, call, answer, freshness)
        if answer.response is not None:
            recorded.append((freshness.position, call, answer))
    for call, difference in unlike_the_log(evidence.index, evidence.documents, recorded):
        yield found("C10", f"{call.place}: {difference}")


def _dead(evidence: Evidence, call: Call, freshness: Freshness) -> Iterator[Violation]:
    fork = evidence.log.forks.get(freshness.epoch)
    if fork is None:
        yield found("C10", f"{call.place}: the log never had epoch {freshness.epoch}")
    elif call.at > fork.replaced_at + evidence.limits.fork_grace_seconds:
        what = (
            f"answered from {freshness.position} of an epoch that was given up after {fork.common_position}"
        )
        yield found("C10", f"{call.place}: {what}")


def _unlike_place(
    evidence: Evidence, call: Call, answer: Answer, freshness: Freshness
) -> Iterator[Violation]:
    index, position = evidence.index, freshness.position
    if position > evidence.log.head:
        yield found("C10", f"{call.place}: answered from {position}, the log ends at {evidence.log.head}")
        return
    here, after = index.by_position.get(position), index.by_position.get(position + 1)
    if here is not None and after is not None and here.command_id == after.command_id:
        yield found("C10", f"{call.place}: answered in the middle of a command, at {position}")
    as_of = freshness.as_of_us
    if as_of is not None and here is not None and as_of != microseconds_of(here.recorded_at):
        yield found("C10", f"{call.place}: as of {as_of}, the event at {position} is of {here.recorded_at}")
    entity = answer.entity
    if entity is not None and entity.version is not None:
        expected = index.version_at(stream_of(entity.view, entity.id), position)
        if entity.version != expected:
            yield found(
                "C10", f"{call.place}: {_named(entity)}, the log had version {expected} at {position}"
            )
    listing = LISTINGS.get(call.method)
    for id_ in answer.rows or ():
        if listing is not None and index.version_at(stream_of(listing.view, id_), position) == 0:
            yield found("C10", f"{call.place}: {id_} is shown before it was there, at {position}")


def _named(entity: Entity) -> str:
    return f"{entity.view} {entity.id} is answered at version {entity.version}"


def no_younger_than_said(evidence: Evidence) -> Findings:
    """C12: what was acknowledged longer ago than the lag that an answer admits is in it."""
    known, limits = _earliest_acknowledgements(evidence), evidence.limits
    for call in evidence.queries:
        for answer in call.answers:
            freshness = answer.freshness
            if answer.kind != "ok" or freshness is None or freshness.epoch not in known:
                continue
            positions, earliest = known[freshness.epoch]
            missing = bisect_right(positions, freshness.position)
            overdue = call.at - earliest[missing] if missing < len(positions) else 0.0
            believed = freshness.lag_seconds or limits.silence_seconds
            if overdue > believed + limits.lag_slack_seconds:
                what = f"lag {freshness.lag_seconds:.1f} s, but {overdue:.1f} s of the log are missing"
                yield found("C12", f"{call.place}: {what}")
            is_old = overdue > limits.stale_after_seconds + limits.lag_slack_seconds
            if is_old and not freshness.is_stale:
                yield found("C12", f"{call.place}: {overdue:.1f} s of the log are missing, and not stale")


def _earliest_acknowledgements(evidence: Evidence) -> dict[UUID, tuple[list[int], list[float]]]:
    """Of each epoch, also of those given up: positions of accepted commands, and for each when the first of
    it and all later ones was known."""
    known = defaultdict[UUID, dict[int, float]](dict)
    for call in evidence.commands:
        if call.receipt is not None:
            its, position = known[call.receipt.epoch], call.receipt.position
            its[position] = min(its.get(position, math.inf), call.ended)
    found_ones: dict[UUID, tuple[list[int], list[float]]] = {}
    for epoch, its in known.items():
        positions = sorted(its)
        earliest = list(accumulate((its[position] for position in reversed(positions)), min))
        found_ones[epoch] = positions, earliest[::-1]
    return found_ones
