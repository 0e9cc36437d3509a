"""What clients did and were told: one JSON object a line, written before each send and after each answer.

`i` is the number of a call, the same in its invoke and in what completes it; a stream completes once a
page. A call of unknown outcome ends in `info`, after which its client goes on under another name, since
what it asked for may still happen.
"""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

Kind = Literal["invoke", "ok", "fail", "info"]
Record = Mapping[str, Any]

_FIELDS = {
    "process": None,
    "client": None,
    "method": None,
    "command_id": None,
    "request": None,
    "stream": None,
    "expected_version": None,
    "token_in": None,
    "receipt": None,
    "freshness": None,
    "entity": None,
    "rows": None,
    "page": None,
    "code": None,
    "reason": None,
    "details": None,
    "current_version": None,
    "response": None,
}


class History:
    """A file that grows; each process writes its own, with call numbers of its own."""

    def __init__(self, path: Path, process: str, *, first: int = 0, step: int = 1) -> None:
        """`first` and `step` keep the numbers of several processes apart."""
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._process = process
        self._numbers = itertools.count(first, step)

    def invoke(self, client: str, method: str, **fields: Any) -> int:
        """A call is about to be sent; its number."""
        number = next(self._numbers)
        self._write(number, "invoke", client, method, fields)
        return number

    def complete(self, number: int, kind: Kind, client: str, method: str, **fields: Any) -> None:
        """A call was answered, or nobody will ever say."""
        self._write(number, kind, client, method, fields)

    def close(self) -> None:
        self._file.close()

    def _write(self, number: int, kind: Kind, client: str, method: str, fields: dict[str, Any]) -> None:
        record = {
            "i": number,
            "kind": kind,
            "at": time.monotonic(),
            **_FIELDS,
            **fields,
            "process": self._process,
            "client": client,
            "method": method,
        }
        self._file.write(json.dumps(record, separators=(",", ":")) + "\n")


def records(*paths: Path) -> Iterator[dict[str, Any]]:
    """What was written, file by file; a last line that a crash cut is left out."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    yield json.loads(line)
