"""Anomalies of transactions over lists, named as by Adya (1999) and found as by Elle (2020), in plain."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.transactions import Transaction, transactions

# A read or an append after which another one must stand: ww, wr, rw.
Edges = dict[int, dict[int, str]]


def no_anomalies(evidence: Evidence) -> Findings:
    """Elle: no lost append, G1a, G1b, incompatible order, or cycle (G0, G1c, G-single, G2)."""
    history = list(transactions(evidence))
    order = {key: [it.position for it in its] for key, its in evidence.index.by_stream.items()}
    yield from _lost(history, order)
    yield from _incompatible(history, order)
    writers = {value: number for number, each in enumerate(history) for _, value in each.appends}
    for each in history:
        yield from _read_too_soon(history, writers, each)
    edges = _edges(history, order, writers)
    try:
        TopologicalSorter({number: list(its) for number, its in edges.items()}).prepare()
    except CycleError as cycle:
        yield from _cycle(history, edges, cycle.args[1])


def _lost(history: list[Transaction], order: Mapping[str, list[int]]) -> Iterator[Violation]:
    for each in history:
        for key, value in each.appends:
            if each.outcome == "ok" and value not in order.get(key, ()):
                yield found("elle", f"{each.place}: lost append of {value} to {key}")


def _incompatible(history: list[Transaction], order: Mapping[str, list[int]]) -> Iterator[Violation]:
    for each in history:
        for key, values in each.reads:
            if list(values) != order.get(key, [])[: len(values)]:
                yield found("elle", f"{each.place}: incompatible order, {key} read as {list(values)[:20]}")


def _read_too_soon(
    history: list[Transaction], writers: Mapping[int, int], each: Transaction
) -> Iterator[Violation]:
    for key, values in each.reads:
        for value in values:
            if value in writers and history[writers[value]].outcome == "fail":
                yield found("elle", f"{each.place}: G1a, read {value} of {key}, which was refused")
        whole = history[writers[values[-1]]].appends if values and values[-1] in writers else []
        if whole and values[-1] != max(value for its, value in whole if its == key):
            yield found("elle", f"{each.place}: G1b, read {key} in the middle of a command")


def _edges(history: list[Transaction], order: Mapping[str, list[int]], writers: Mapping[int, int]) -> Edges:
    """For each transaction those that must stand before it, and why."""
    edges: Edges = defaultdict(dict)
    following: dict[tuple[str, int], int] = {}
    for key, values in order.items():
        for before, after in pairwise([0, *values]):
            following[key, before] = after
            if before in writers and after in writers and writers[before] != writers[after]:
                edges[writers[after]].setdefault(writers[before], "ww")
    for number, each in enumerate(history):
        for key, read in each.reads:
            last = read[-1] if read else 0
            if last in writers:
                edges[number].setdefault(writers[last], "wr")
            after = following.get((key, last), 0)
            if after in writers:
                edges[writers[after]].setdefault(number, "rw")
    return edges


def _cycle(history: list[Transaction], edges: Edges, cycle: list[int]) -> Iterator[Violation]:
    kinds = [
        edges.get(after, {}).get(before) or edges.get(before, {}).get(after, "")
        for before, after in pairwise(cycle)
    ]
    name = "G0" if set(kinds) == {"ww"} else "G1c" if "rw" not in kinds else "G2"
    name = "G-single" if kinds.count("rw") == 1 else name
    yield found("elle", f"{name}: {', '.join(f'{history[each].place} ({each})' for each in cycle[:6])}")
