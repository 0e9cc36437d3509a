"""A process that measures one part of the product at each line of JSON: python -m bench.inside.

A line names the part (`do`) and gives its arguments; the answer is a line with the values found.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping

import uvloop

from bench.inside.appends import append_alone
from bench.inside.catch_up import catch_up, decode_log
from bench.inside.copying import copy_log
from bench.inside.replaying import replay_stream
from bench.measuring import Values
from service_kit.log import configure_logging

PARTS: Mapping[str, Callable[..., Awaitable[Values]]] = {
    "append": append_alone,
    "catch_up": catch_up,
    "decode": decode_log,
    "copy": copy_log,
    "replay": replay_stream,
}


def main() -> None:
    """Answer until the input ends."""
    configure_logging("warning")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            request = json.loads(line)
            part = PARTS[request.pop("do")]
            try:
                answer: object = runner.run(_answer(part, request))
            except Exception as error:  # noqa: BLE001 - the one who asked raises it again
                answer = {"error": repr(error)}
            print(json.dumps(answer), flush=True)


async def _answer(part: Callable[..., Awaitable[Values]], arguments: Mapping[str, object]) -> Values:
    return await part(**arguments)


if __name__ == "__main__":
    main()
