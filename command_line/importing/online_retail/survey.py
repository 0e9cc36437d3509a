"""The first reading of a file: what its invoices need before they can be replayed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from command_line.importing.files import label_of
from command_line.importing.online_retail.lines import Line, NotTaken, is_credit, read_lines


@dataclass(slots=True)
class Product:
    """How a product is registered: its first description, its first price."""

    name: str
    unit_price_cents: int
    is_named_by_a_sale: bool


@dataclass(slots=True, kw_only=True)
class Survey:
    """What one file holds; its size depends on the products, customers and invoices, not on the lines."""

    path: Path
    label: str
    lines_read: int = 0
    not_taken: int = 0
    lines_by_invoice: Counter[str] = field(default_factory=Counter)
    customers: dict[str, None] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    units_needed: Counter[str] = field(default_factory=Counter)
    orders: set[str] = field(default_factory=set)
    write_offs: int = 0

    @property
    def credit_notes(self) -> int:
        """The number of credit notes."""
        return sum(1 for invoice in self.lines_by_invoice if is_credit(invoice))


def survey(path: Path, note: Callable[[NotTaken], None]) -> Survey:
    """Read a file once; each line that can't be taken goes to `note`."""
    found = Survey(path=path, label=label_of(path))
    for line in read_lines(path):
        found.lines_read += 1
        if isinstance(line, NotTaken):
            found.not_taken += 1
            note(line)
        else:
            _count(found, line)
    return found


def _count(found: Survey, line: Line) -> None:
    found.lines_by_invoice[line.invoice] += 1
    _know_product(found.products, line)
    if line.is_credit:
        found.customers[line.customer_id] = None
        return
    found.units_needed[line.sku] += abs(line.quantity)
    if line.quantity > 0:
        found.customers[line.customer_id] = None
        found.orders.add(line.invoice)
    else:
        found.write_offs += 1


def _know_product(products: dict[str, Product], line: Line) -> None:
    # Lines without a price carry remarks such as "damaged" or "?", so a sale's description goes first.
    is_sale = line.unit_price_cents > 0 and line.description != ""
    product = products.get(line.sku)
    if product is None:
        products[line.sku] = Product(line.description or line.sku, line.unit_price_cents, is_sale)
    elif is_sale and not product.is_named_by_a_sale:
        products[line.sku] = Product(line.description, line.unit_price_cents, True)
