"""Histories of families for tests: random events as valid commands would have caused them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from google.protobuf.message import Message
from hypothesis import strategies as st

from tests import family_events as say

CURRENCIES = ("USD", "TWD", "EUR")
METHODS = ("card", "bank|transfer", "cash", "7|2024-01-15")
NAMES = ("Smith", "Ångström", "smith", "O'Hara", "Müller-Lüdenscheidt")
CHILDREN = ("Zoë", "Ann", "ann", "José", "Łukasz")
FIRST_DAY = date(2023, 12, 20)
# Months around a leap day, so that several invoices fall into one and some into the year before.
DAYS = 110
AMOUNTS = (1, 500, 500, 500, 1_000, 12_345)


@dataclass(slots=True)
class _Invoice:
    invoice_id: str
    due: date
    open_cents: int


@dataclass(slots=True)
class _Family:
    family_id: str
    currency: str
    enrolled_on: date
    withdrawn_on: date | None = None
    invoices: list[_Invoice] = field(default_factory=list)
    # Transaction, payment method and what is left of it, oldest first.
    credits: list[say.Credit] = field(default_factory=list)
    payments: int = 0
    risk: int = 0
    engagement: int = 0

    def open_invoices(self, named: str) -> list[_Invoice]:
        """In the order in which a payment goes to them; the sort keeps the order of issue."""
        found = [invoice for invoice in self.invoices if invoice.open_cents]
        return sorted(found, key=lambda invoice: (invoice.invoice_id != named, invoice.due))


@dataclass(slots=True)
class History:
    """Makes one event after the other, each allowed after those before it."""

    random: random.Random
    most_families: int = 6
    families: dict[str, _Family] = field(default_factory=dict)

    def steps(self, count: int) -> Iterator[Message]:
        """So many events of any kind."""
        for _ in range(count):
            yield self.step()

    def step(self) -> Message:
        """One event of any kind, of a new family or a known one."""
        if not self.families or (len(self.families) < self.most_families and self.random.random() < 0.15):
            return self._enrol()
        family = self.random.choice(list(self.families.values()))
        moves: tuple[Callable[[_Family], Message], ...]
        if family.withdrawn_on is None:
            money = (self._invoice, self._invoice, self._pay, self._pay)
            scores = (self._score_risk, self._score_engagement, self._recommend)
            moves = (*money, *scores, self._add_child, self._talk, self._take_part)
            if self.random.random() < 0.2:
                moves = (*moves, self._withdraw)
        else:
            moves = (self._pay, self._talk, self._take_part)
        return self.random.choice(moves)(family)

    def tuition(self, count: int) -> Iterator[Message]:
        """Mostly invoices and payments, of families that stay."""
        for _ in range(count):
            if len(self.families) < self.most_families:
                yield self._enrol()
                continue
            family = self.random.choice(list(self.families.values()))
            yield self.random.choice((self._invoice, self._pay, self._score_risk))(family)

    def _day(self) -> date:
        return FIRST_DAY + timedelta(days=self.random.randrange(DAYS))

    def _enrol(self) -> Message:
        family = _Family(
            family_id=f"f{len(self.families)}",
            currency=self.random.choice(CURRENCIES),
            enrolled_on=self._day(),
        )
        self.families[family.family_id] = family
        name = self.random.choice(NAMES)
        return say.enrolled(family.family_id, name=name, on=family.enrolled_on, currency_code=family.currency)

    def _add_child(self, family: _Family) -> Message:
        born = date(2010, 1, 1) + timedelta(days=self.random.randrange(4_000))
        return say.child_added(self.random.choice(CHILDREN), born, family_id=family.family_id)

    def _invoice(self, family: _Family) -> Message:
        cents = self.random.choice(AMOUNTS)
        invoice = _Invoice(f"i{len(family.invoices)}", self._day(), cents)
        taken: list[say.Credit] = []
        while family.credits and invoice.open_cents:
            transaction, method, left = family.credits.pop(0)
            part = min(left, invoice.open_cents)
            invoice.open_cents -= part
            taken.append((transaction, method, part))
            if left > part:
                family.credits.insert(0, (transaction, method, left - part))
        family.invoices.append(invoice)
        return say.invoiced(
            invoice.invoice_id,
            cents,
            invoice.due,
            *taken,
            family_id=family.family_id,
            currency_code=family.currency,
        )

    def _pay(self, family: _Family) -> Message:
        left, received = self.random.choice(AMOUNTS), self._day()
        method, transaction = self.random.choice(METHODS), f"t{family.payments}"
        is_named = bool(family.invoices) and self.random.random() < 0.5
        named = self.random.choice(family.invoices).invoice_id if is_named else ""
        family.payments += 1
        parts: list[say.Part] = []
        for invoice in family.open_invoices(named):
            part = min(left, invoice.open_cents)
            if part:
                parts.append((invoice.invoice_id, part, max(0, (received - invoice.due).days)))
            invoice.open_cents -= part
            left -= part
        if left:
            family.credits.append((transaction, method, left))
        return say.paid(
            transaction,
            received,
            *parts,
            credit_cents=left,
            method=method,
            invoice_id=named,
            family_id=family.family_id,
            currency_code=family.currency,
        )

    def _score_risk(self, family: _Family) -> Message:
        old, family.risk = family.risk, self.random.choice((0, 39, 40, 69, 70, 84, 85, 100))
        return say.risk(old, family.risk, family_id=family.family_id)

    def _score_engagement(self, family: _Family) -> Message:
        old, family.engagement = family.engagement, self.random.randint(0, 100)
        return say.engagement(old, family.engagement, family_id=family.family_id)

    def _recommend(self, family: _Family) -> Message:
        leaving = self.random.choice((None, self._day()))
        text = self.random.choice(("call", "visit"))
        return say.recommended(text, self.random.randint(1, 5), leaving, family_id=family.family_id)

    def _talk(self, family: _Family) -> Message:
        id_, choice = family.family_id, self.random.choice
        if family.withdrawn_on is None and self.random.random() < 0.2:
            return say.assigned(choice(("Robin", "Kim")), family_id=id_)
        if self.random.random() < 0.3:
            return say.prefers(choice(("e-mail", "phone")), family_id=id_)
        return say.contacted(self._day(), choice(("phone", "visit")), family_id=id_)

    def _take_part(self, family: _Family) -> Message:
        id_, on = family.family_id, min(self._day(), family.withdrawn_on or date.max)
        kind = self.random.randrange(3)
        if kind == 0:
            return say.logged_in(on, family_id=id_)
        if kind == 1:
            return say.volunteered(self.random.randint(1, 9), on, family_id=id_)
        return say.attended(self.random.random() < 0.6, on, family_id=id_)

    def _withdraw(self, family: _Family) -> Message:
        family.withdrawn_on = on = max(self._day(), family.enrolled_on)
        cancelled: list[tuple[str, int]] = []
        for invoice in family.invoices:
            if invoice.open_cents and invoice.due > on:
                cancelled.append((invoice.invoice_id, invoice.open_cents))
                invoice.open_cents = 0
        return say.withdrawn(on, *cancelled, family_id=family.family_id)


def family_histories(most_events: int = 80) -> st.SearchStrategy[list[Message]]:
    """Lists of events in the order of the log; hypothesis makes the choices, so that it can shrink them."""
    dice = st.randoms(use_true_random=False)
    return st.builds(
        lambda random_, count: list(History(random_).steps(count)), dice, st.integers(1, most_events)
    )
