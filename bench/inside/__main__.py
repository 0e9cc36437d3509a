"""A process that measures one part of the product at each line of JSON: python -m bench.inside.

A line names the part (`do`) and gives its arguments; the answer is a line with the values found.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import uvloop

from bench.answering import answer_lines
from bench.inside.appends import append_alone
from bench.inside.catch_up import catch_up, decode_log
from bench.inside.copying import copy_log
from bench.inside.replaying import replay_stream
from bench.measuring import Values
from service_kit.log import configure_logging

PARTS: Mapping[str, Callable[..., Coroutine[Any, Any, Values]]] = {
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
        answer_lines(lambda name: lambda **arguments: runner.run(PARTS[name](**arguments)))


if __name__ == "__main__":
    main()
