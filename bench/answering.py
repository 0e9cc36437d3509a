"""The other end of `bench.programs.asking`: a line of JSON names what to do, the answer is a line of JSON.

Only what every environment of Python has, since the peers' programs use it too.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

Part = Callable[..., Mapping[str, float]]


def answer_lines(part_named: Callable[[str], Part]) -> None:
    """Answer until the input ends; a failure is raised again by the one who asked."""
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        part = part_named(request.pop("do"))
        try:
            answer: object = part(**request)
        except Exception as error:  # noqa: BLE001 - told to the one who asked
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)
