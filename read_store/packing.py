"""Commands of thousands of arguments as they go over the wire, packed faster than hiredis does."""

from collections.abc import Sequence
from itertools import chain


class _Heads(dict[int, bytes]):
    """What stands before an argument, by its length: the end of the one before, and the length."""

    def __missing__(self, length: int) -> bytes:
        if length > _LONGEST_KEPT:
            return b"\r\n$%d\r\n" % length
        self[length] = head = b"\r\n$%d\r\n" % length
        return head


_LONGEST_KEPT = 1_024
_HEADS = _Heads()


def packed(command: bytes, key: str, arguments: Sequence[bytes]) -> bytes:
    """A command with a key and any number of arguments."""
    start = b"*%d\r\n$%d\r\n%b" % (2 + len(arguments), len(command), command)
    every = (key.encode(), *arguments)
    heads = map(_HEADS.__getitem__, map(len, every))
    return b"".join((start, *chain.from_iterable(zip(heads, every, strict=True)), b"\r\n"))
