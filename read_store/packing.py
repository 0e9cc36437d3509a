"""Commands of thousands of arguments as they go over the wire."""

from collections.abc import Sequence
from typing import Any

import hiredis


def packed(command: bytes, key: str, arguments: Sequence[bytes]) -> bytes:
    """A command with a key and any number of arguments, at least one.

    Where they are equally long, as ids often are, one head stands before each: a third of the time.
    """
    name = key.encode()
    if len(set(map(len, arguments))) > 1:
        # Its types know of one argument only.
        pack: Any = hiredis.pack_command
        return bytes(pack((command, name, *arguments)))
    head = b"\r\n$%d\r\n" % len(arguments[0])
    start = b"*%d\r\n$%d\r\n%b\r\n$%d\r\n%b" % (2 + len(arguments), len(command), command, len(name), name)
    return b"".join((start, head, head.join(arguments), b"\r\n"))
