"""Random commands of the orders domain: valid in form, often refused by a rule or for want of stock."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from diptych.orders.v1 import order_command_service_pb2 as commands
from google.type.postal_address_pb2 import PostalAddress  # type: ignore[import-untyped] # ships no types

from tests.faults.traffic import NEW_CHANCE, Command, Maker, Scene, context

_NAMES = ("Anna Müller", "Željko", "O'Hara", "anna", "Łukasz Ånström", "李明")
_COUNTRIES = ("DE", "US", "TW", "FR")


def openings(scene: Scene, chance: random.Random) -> Iterator[Command]:
    """What must be there first."""
    for customer in scene.customers:
        yield _made("RegisterCustomer", scene, chance, customer_id=customer, name=chance.choice(_NAMES))
    for sku in scene.skus:
        yield _registered(sku, scene, chance)
        yield _made("ReceiveStock", scene, chance, sku=sku, quantity=20, reference="opening")


def _place(scene: Scene, chance: random.Random) -> Command:
    skus = chance.sample(scene.skus, chance.randint(1, 3))
    items = [commands.OrderItemRequest(sku=sku, quantity=chance.randint(1, 4)) for sku in skus]
    return _made(
        "PlaceOrder",
        scene,
        chance,
        order_id=scene.new_name("o", chance),
        customer_id=chance.choice(scene.customers),
        items=items,
        shipping_address=PostalAddress(region_code=chance.choice(_COUNTRIES)),
    )


def _receive(scene: Scene, chance: random.Random) -> Command:
    return _about_product("ReceiveStock", scene, chance, quantity=chance.randint(1, 8), reference="load")


def _adjust(scene: Scene, chance: random.Random) -> Command:
    return _about_product("AdjustStock", scene, chance, delta=chance.choice((-2, -1, 1)), reason="counted")


def _price(scene: Scene, chance: random.Random) -> Command:
    return _about_product("ChangeProductPrice", scene, chance, unit_price_cents=chance.randint(100, 120_000))


def _rename(scene: Scene, chance: random.Random) -> Command:
    return _about_customer("UpdateCustomer", scene, chance, name=chance.choice(_NAMES))


def _suspend(scene: Scene, chance: random.Random) -> Command:
    return _about_customer("SuspendCustomer", scene, chance, reason="unpaid")


def _reinstate(scene: Scene, chance: random.Random) -> Command:
    return _about_customer("ReinstateCustomer", scene, chance)


def _approve(scene: Scene, chance: random.Random) -> Command:
    return _about_order("ApproveOrder", scene, chance, approved_by="Ben")


def _ship(scene: Scene, chance: random.Random) -> Command:
    return _about_order("ShipOrder", scene, chance, carrier="Post", tracking_number="1")


def _deliver(scene: Scene, chance: random.Random) -> Command:
    return _about_order("DeliverOrder", scene, chance)


def _cancel(scene: Scene, chance: random.Random) -> Command:
    return _about_order("CancelOrder", scene, chance, reason="changed their mind")


def _add(scene: Scene, chance: random.Random) -> Command:
    item = commands.OrderItemRequest(sku=chance.choice(scene.skus), quantity=chance.randint(1, 3))
    return _about_order("AddOrderItem", scene, chance, item=item)


def _remove(scene: Scene, chance: random.Random) -> Command:
    return _about_order("RemoveOrderItem", scene, chance, sku=chance.choice(scene.skus))


def _credit(scene: Scene, chance: random.Random) -> Command:
    item = commands.CreditNoteItemRequest(
        sku=chance.choice(scene.skus), quantity=1, is_returned=chance.random() < 0.5
    )
    return _made(
        "IssueCreditNote",
        scene,
        chance,
        credit_note_id=scene.new_name("n", chance),
        customer_id=chance.choice(scene.customers),
        items=[item],
        reason="broken",
    )


MAKERS: Sequence[tuple[int, Maker]] = (
    (24, _place),
    (16, _receive),
    (3, _adjust),
    (3, _price),
    (3, _rename),
    (1, _suspend),
    (4, _reinstate),
    (12, _approve),
    (9, _ship),
    (7, _deliver),
    (9, _cancel),
    (5, _add),
    (3, _remove),
    (3, _credit),
)


def _about_product(rpc: str, scene: Scene, chance: random.Random, **fields: Any) -> Command:
    sku = chance.choice(scene.skus)
    if f"product-{sku}" not in scene.versions and chance.random() < NEW_CHANCE:
        return _registered(sku, scene, chance)
    return _made(rpc, scene, chance, sku=sku, **fields)


def _registered(sku: str, scene: Scene, chance: random.Random) -> Command:
    cents = chance.choice((199, 1_250, 99_900))
    return _made(
        "RegisterProduct", scene, chance, sku=sku, name=sku, unit_price_cents=cents, currency_code="EUR"
    )


def _about_customer(rpc: str, scene: Scene, chance: random.Random, **fields: Any) -> Command:
    customer = chance.choice(scene.customers)
    if f"customer-{customer}" not in scene.versions and chance.random() < NEW_CHANCE:
        fields, rpc = {"name": chance.choice(_NAMES)}, "RegisterCustomer"
    return _made(rpc, scene, chance, customer_id=customer, **fields)


def _about_order(rpc: str, scene: Scene, chance: random.Random, **fields: Any) -> Command:
    if not scene.orders:
        return _receive(scene, chance)
    return _made(rpc, scene, chance, order_id=chance.choice(scene.orders), **fields)


def _made(rpc: str, scene: Scene, chance: random.Random, **fields: Any) -> Command:
    stream = _stream(rpc, fields)
    if rpc == "RegisterCustomer":
        fields["email"] = f"{fields['customer_id']}@example.com"
    request = getattr(commands, f"{rpc}Request")(context=context(scene, stream, chance), **fields)
    return Command(service="orders", rpc=rpc, request=request, stream=stream)


def _stream(rpc: str, fields: dict[str, Any]) -> str:
    if rpc == "IssueCreditNote":
        return f"credit-note-{fields['credit_note_id']}"
    if order := fields.get("order_id"):
        return f"order-{order}"
    if customer := fields.get("customer_id"):
        return f"customer-{customer}"
    return f"product-{fields['sku']}"
