"""The last response of a stream."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Last:
    """Nothing follows it, so it leaves in one step with the status; a list of one page is as cheap as that.

    A handler that gives it must end then.
    """

    body: bytes
