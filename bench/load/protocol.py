"""What a loop of calls needs to know of a wire protocol."""

from typing import Protocol


class UnexpectedAnswer(Exception):
    """The other side answered with an error, or with something that is no answer."""


class Calls(Protocol):
    """One connection's protocol state, without its socket."""

    # How many bytes of content came in answers so far.
    answered_bytes: int

    def opening(self) -> bytes:
        """What is sent once the connection stands."""

    def request(self, number: int) -> bytes:
        """What is sent to make a call; may be empty when it has to wait for the other side."""

    def received(self, data: bytes) -> tuple[int, bytes]:
        """How many calls ended with these bytes, and what is to be sent back at once.

        Raises UnexpectedAnswer.
        """
