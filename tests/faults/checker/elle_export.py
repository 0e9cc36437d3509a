"""Write a history for Elle: list-append as EDN, every transaction a process of its own.

python -m tests.faults.checker.elle_export kept.evidence > history.edn
"""

import json
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.faults.checker.evidence_file import load
from tests.faults.checker.transactions import Transaction, transactions


def as_edn(history: Iterable[Transaction]) -> Iterator[str]:
    """Lines for Elle: invocations and completions in the order of time."""
    events: list[tuple[float, str]] = []
    for process, each in enumerate(history):
        begun = _operations(each, is_known=False)
        events.append((each.at, f":process {process}, :type :invoke, :f :txn, :value [{begun}]"))
        if each.ended < math.inf:
            known = _operations(each, is_known=each.outcome == "ok")
            events.append(
                (each.ended, f":process {process}, :type :{each.outcome}, :f :txn, :value [{known}]")
            )
    for index, (at, line) in enumerate(sorted(events)):
        yield f"{{:index {index}, :time {int(at * 1e9)}, {line}}}"


def _operations(transaction: Transaction, *, is_known: bool) -> str:
    appends = [f"[:append {json.dumps(key)} {value}]" for key, value in transaction.appends]
    reads = [
        f"[:r {json.dumps(key)} {'[' + ' '.join(map(str, values)) + ']' if is_known else 'nil'}]"
        for key, values in transaction.reads
    ]
    return " ".join(appends + reads)


if __name__ == "__main__":
    for line in as_edn(transactions(load(Path(sys.argv[1])))):
        print(line)  # noqa: T201 - the command's own output
