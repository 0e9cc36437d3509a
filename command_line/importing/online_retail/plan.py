"""Lays out a file's commands in phases: what one phase makes, the next one needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from command_line.importing.online_retail.lines import Line, NotTaken, is_credit, read_lines
from command_line.importing.online_retail.requests import (
    credit_note,
    receive_stock,
    register_customer,
    register_product,
    sale,
)
from command_line.importing.online_retail.survey import Survey
from command_line.importing.planned import Command, Phase


@dataclass(frozen=True, slots=True)
class Registered:
    """The customers and products that earlier files of this run have registered."""

    customers: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)


def phases(survey: Survey, registered: Registered) -> Iterator[Phase]:
    """The phases of a file; each must be answered whole before the next one begins."""
    customers = [customer for customer in survey.customers if customer not in registered.customers]
    products = [sku for sku in survey.products if sku not in registered.products]
    label = survey.label
    yield Phase(
        name=f"{label} customers",
        size=len(customers),
        groups=((register_customer(id_),) for id_ in customers),
    )
    yield Phase(
        name=f"{label} products", size=len(products), groups=(_registration(survey, sku) for sku in products)
    )
    registered.customers.update(customers)
    registered.products.update(products)
    yield Phase(name=f"{label} stock", size=len(survey.units_needed), groups=_deliveries(survey))
    yield Phase(
        name=f"{label} orders", size=4 * len(survey.orders) + survey.write_offs, groups=_sales(survey)
    )
    yield Phase(name=f"{label} credit notes", size=survey.credit_notes, groups=_credit_notes(survey))


def _registration(survey: Survey, sku: str) -> Sequence[Command]:
    product = survey.products[sku]
    return (register_product(sku, product.name, product.unit_price_cents),)


def _deliveries(survey: Survey) -> Iterator[Sequence[Command]]:
    for sku, quantity in survey.units_needed.items():
        yield (receive_stock(survey.label, sku, quantity),)


def _sales(survey: Survey) -> Iterator[Sequence[Command]]:
    for lines in _invoices(survey, credit=False):
        yield sale(lines)


def _credit_notes(survey: Survey) -> Iterator[Sequence[Command]]:
    for lines in _invoices(survey, credit=True):
        yield (credit_note(lines),)


def _invoices(survey: Survey, *, credit: bool) -> Iterator[list[Line]]:
    """Each invoice once all its lines were read: the lines of one do not always stand together."""
    incomplete: dict[str, list[Line]] = {}
    for line in read_lines(survey.path, wanted=lambda invoice: is_credit(invoice) is credit):
        if isinstance(line, NotTaken):
            continue
        lines = incomplete.setdefault(line.invoice, [])
        lines.append(line)
        if len(lines) == survey.lines_by_invoice[line.invoice]:
            yield incomplete.pop(line.invoice)
