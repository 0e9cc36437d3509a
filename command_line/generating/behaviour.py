"""How families differ: who pays on time, who takes part, who leaves."""

from dataclasses import dataclass
from enum import Enum, auto
from random import Random


class Payment(Enum):
    """What a family does about one invoice."""

    ON_TIME = auto()
    LATE = auto()
    PART = auto()
    OVER = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A kind of family: how many of 100 there are, and its chances in hundredths."""

    share: int
    # In the order of Payment.
    payments: tuple[int, int, int, int, int]
    engagement: tuple[int, int]
    withdrawal: int


BEHAVIOURS = (
    Behaviour(share=61, payments=(92, 5, 1, 2, 0), engagement=(55, 100), withdrawal=2),
    Behaviour(share=22, payments=(42, 46, 7, 2, 3), engagement=(35, 85), withdrawal=5),
    Behaviour(share=12, payments=(15, 37, 25, 0, 23), engagement=(10, 55), withdrawal=12),
    Behaviour(share=5, payments=(5, 15, 10, 0, 70), engagement=(0, 25), withdrawal=30),
)
_SHARES = [behaviour.share for behaviour in BEHAVIOURS]
_PAYMENTS = tuple(Payment)


def behaviour(random: Random) -> Behaviour:
    """The behaviour of a new family."""
    return random.choices(BEHAVIOURS, _SHARES)[0]


def payment(random: Random, of: Behaviour) -> Payment:
    """What the family does about its next invoice."""
    return random.choices(_PAYMENTS, of.payments)[0]


def chance(random: Random, hundredths: float) -> bool:
    """True in so many of a hundred cases."""
    return random.random() * 100 < hundredths
