"""Ids of what the seed holds, by number."""


def customer(number: int) -> str:
    """A customer's id."""
    return f"customer-{number:06}"


def sku(number: int) -> str:
    """A product's id."""
    return f"sku-{number:06}"


def order(number: int) -> str:
    """An order's id."""
    return f"order-{number:07}"


def family(number: int) -> str:
    """A family's id."""
    return f"family-{number:07}"


LONG_SKU = "sku-long"
