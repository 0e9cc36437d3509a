"""Ports for servers that have to be told one, and that find it free again after they were down."""

import random
import socket
from contextlib import ExitStack

# Below what systems give to outgoing connections, which would take the port of a server that is down.
_FIRST, _LAST = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 that were free a moment ago."""
    chance = random.SystemRandom()
    found: list[int] = []
    with ExitStack() as probes:
        while len(found) < count:
            port = chance.randint(_FIRST, _LAST)
            try:
                probes.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            found.append(port)
    return found
