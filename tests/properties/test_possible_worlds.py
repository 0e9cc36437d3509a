"""What may be true after answers: nothing is ruled out that may be, and what cannot be is seen."""

import pytest

from tests.properties.possible_worlds import Contradiction, Deed, Worlds

CUSTOMER, PRODUCT, ORDER = "customer-a", "product-p", "order-1"


def deed(number: int, kind: str, stream: str, *about: str, amount: int = 0) -> Deed:
    return Deed(number=number, kind=kind, stream=stream, about=about, amount=amount)


REGISTER = deed(1, "RegisterCustomer", CUSTOMER)
SUSPEND = deed(2, "SuspendCustomer", CUSTOMER)
STOCK = (deed(3, "RegisterProduct", PRODUCT), deed(4, "ReceiveStock", PRODUCT, amount=5))
PLACE = deed(5, "PlaceOrder", ORDER, CUSTOMER, PRODUCT, amount=2)
CANCEL = deed(6, "CancelOrder", ORDER)


def a_shop() -> Worlds:
    """A customer, five units of a product, nothing unknown."""
    worlds = Worlds()
    for done, version in ((REGISTER, 1), (STOCK[0], 1), (STOCK[1], 2)):
        worlds.accepted(done, version=version, is_repeat=False)
    return worlds


def test_a_command_of_unknown_outcome_may_have_happened_or_not_and_an_answer_tells() -> None:
    for seen in ((1, "ACTIVE"), (2, "SUSPENDED")):
        worlds = a_shop()
        worlds.unknown(SUSPEND)
        worlds.seen(CUSTOMER, seen)
    assert worlds.is_done(SUSPEND.number)


def test_a_command_of_unknown_outcome_may_happen_later() -> None:
    worlds = a_shop()
    worlds.unknown(SUSPEND)
    worlds.seen(CUSTOMER, (1, "ACTIVE"))
    worlds.refused(PLACE, "ACCOUNT_SUSPENDED")
    with pytest.raises(Contradiction):
        worlds.seen(CUSTOMER, (1, "ACTIVE"))


def test_a_repeat_is_right_only_of_what_may_have_been_accepted() -> None:
    worlds = a_shop()
    worlds.accepted(REGISTER, version=1, is_repeat=True)
    with pytest.raises(Contradiction):
        worlds.accepted(SUSPEND, version=2, is_repeat=True)


def test_the_same_command_is_never_accepted_twice() -> None:
    worlds = a_shop()
    with pytest.raises(Contradiction):
        worlds.accepted(STOCK[1], version=3, is_repeat=False)


def test_an_order_takes_stock_and_a_cancelled_one_gives_it_back() -> None:
    worlds = a_shop()
    worlds.accepted(PLACE, version=1, is_repeat=False)
    worlds.seen(PRODUCT, (3, 3))
    with pytest.raises(Contradiction):
        worlds.refused(
            deed(7, "PlaceOrder", "order-2", CUSTOMER, PRODUCT, amount=3), "INSUFFICIENT_INVENTORY"
        )
    worlds = a_shop()
    worlds.accepted(PLACE, version=1, is_repeat=False)
    worlds.accepted(CANCEL, version=2, is_repeat=False)
    worlds.seen(PRODUCT, (4, 5))


def test_a_refusal_without_cause_is_seen() -> None:
    for reason in ("ACCOUNT_SUSPENDED", "ORDER_EXISTS", "CUSTOMER_NOT_FOUND", "WRONG_EXPECTED_VERSION"):
        with pytest.raises(Contradiction):
            a_shop().refused(PLACE, reason)


def test_a_wrong_version_tells_the_true_one() -> None:
    stale = Deed(number=8, kind="ReceiveStock", stream=PRODUCT, amount=1, expected_version=1)
    a_shop().refused(stale, "WRONG_EXPECTED_VERSION", 2)
    with pytest.raises(Contradiction):
        a_shop().refused(stale, "WRONG_EXPECTED_VERSION", 3)


def test_an_answer_of_any_age_shows_what_was_once_so_and_nothing_else() -> None:
    worlds = a_shop()
    for once in (None, (1, 0), (2, 5)):
        worlds.seen_of_old(PRODUCT, once)
    for never in ((1, 5), (3, 5)):
        with pytest.raises(Contradiction):
            worlds.seen_of_old(PRODUCT, never)
    with pytest.raises(Contradiction):
        worlds.seen(PRODUCT, (1, 0))
