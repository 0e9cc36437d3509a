"""What may be true of a small shop: the set of all states that the answers given so far allow.

A command of unknown outcome may have taken effect, or may yet, at any later moment; each answer rules out
the states that it does not fit. When none is left, an answer was wrong.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

# Version first, then what the category's rules look at.
State = tuple[Any, ...]
_MOST_WORLDS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A command: `about` are the streams that it reads besides its main one, in the order of its rules."""

    number: int
    kind: str
    stream: str
    about: tuple[str, ...] = ()
    amount: int = 0
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class World:
    """The state of each stream, and the deeds that were done."""

    streams: frozenset[tuple[str, State]] = frozenset()
    done: frozenset[int] = frozenset()

    def state(self, stream: str) -> State | None:
        return dict(self.streams).get(stream)

    def after(self, deed: Deed, changes: Mapping[str, State]) -> "World":
        """The world with the deed done."""
        return World(frozenset({**dict(self.streams), **changes}.items()), self.done | {deed.number})


class Contradiction(AssertionError):
    """An answer that no possible state explains."""


@dataclass(slots=True)
class Worlds:
    """All that may be true now. `open` are deeds that may still be done; `ever` what each stream may have
    been at some time, None before it began."""

    possible: set[World] = field(default_factory=lambda: {World()})
    open: dict[int, Deed] = field(default_factory=dict)
    ever: defaultdict[str, set[State | None]] = field(default_factory=lambda: defaultdict(lambda: {None}))

    def reachable(self) -> set[World]:
        """Every state that is possible now, whichever of the open deeds were done meanwhile."""
        found, new = set(self.possible), set(self.possible)
        while new:
            new = {after for world in new for after in self._steps(world)} - found
            found |= new
            assert len(found) <= _MOST_WORLDS, "too much is unknown"
        for world in found:
            for stream, state in world.streams:
                self.ever[stream].add(state)
        return found

    def _steps(self, world: World) -> Iterator[World]:
        for deed in self.open.values():
            if deed.number not in world.done and not isinstance(result := outcome(world, deed), set):
                yield world.after(deed, result)

    def accepted(self, deed: Deed, *, version: int, is_repeat: bool) -> None:
        """The deed was answered as done: just now, or before where it was told to be a repeat."""
        if is_repeat:
            left = {world for world in self.reachable() if deed.number in world.done}
        else:
            left = set()
            for world in self.reachable():
                if deed.number in world.done or isinstance(result := outcome(world, deed), set):
                    continue
                if result[deed.stream][0] == version:
                    left.add(world.after(deed, result))
        self.open.pop(deed.number, None)
        self._keep(left, f"{deed} accepted as version {version}, repeat: {is_repeat}")

    def refused(self, deed: Deed, reason: str, current_version: int | None = None) -> None:
        """The deed was refused for this reason, which was true at some moment of the call."""
        left = {
            world
            for world in self.reachable()
            if deed.number not in world.done and _explains(world, deed, reason, current_version)
        }
        self._keep(left, f"{deed} refused for {reason} {current_version}")

    def unknown(self, deed: Deed) -> None:
        """Nobody knows what became of the deed."""
        self.open[deed.number] = deed

    def is_done(self, number: int) -> bool:
        """Whether the deed was done for sure."""
        return all(number in world.done for world in self.possible)

    def seen(self, stream: str, state: State | None) -> None:
        """An answer that includes all that was acknowledged showed this."""
        left = {world for world in self.reachable() if _shown(world.state(stream)) == state}
        self._keep(left, f"{stream} seen as {state}")

    def seen_of_old(self, stream: str, state: State | None) -> None:
        """An answer of any age showed this."""
        self.reachable()
        if state not in {_shown(each) for each in self.ever[stream]}:
            raise Contradiction(f"{stream} seen as {state}, and never was so: {self.ever[stream]}")

    def _keep(self, left: set[World], what: str) -> None:
        if not left:
            open_deeds = list(self.open.values())
            raise Contradiction(f"{what}; possible: {sorted(map(str, self.possible))}; open: {open_deeds}")
        self.possible = left
        self.reachable()


def outcome(world: World, deed: Deed) -> dict[str, State] | set[str]:  # noqa: PLR0911 - one a rule
    """What a deed changes, or every reason to refuse it."""
    states = dict(world.streams)
    main = states.get(deed.stream)
    version = main[0] if main else 0
    if deed.expected_version is not None and deed.expected_version != version:
        return {"WRONG_EXPECTED_VERSION"}
    if deed.kind == "PlaceOrder":
        return _place(states, deed)
    if deed.kind in _BEGINNINGS:
        reason, first = _BEGINNINGS[deed.kind]
        return {reason} if main else {deed.stream: first}
    if main is None:
        return {f"{deed.stream.partition('-')[0].upper()}_NOT_FOUND"}
    match deed.kind:
        case "ReceiveStock":
            return {deed.stream: (version + 1, main[1] + deed.amount)}
        case "UpdateRiskScore":
            return {deed.stream: (version + 1, deed.amount)}
        case "CancelOrder":
            return _cancel(states, deed, main)
    before, after, reason = _MOVES[deed.kind]
    return {deed.stream: (version + 1, after, *main[2:])} if main[1] == before else {reason}


_BEGINNINGS: Mapping[str, tuple[str, State]] = {
    "RegisterCustomer": ("CUSTOMER_EXISTS", (1, "ACTIVE")),
    "RegisterProduct": ("PRODUCT_EXISTS", (1, 0)),
    "EnrollFamily": ("FAMILY_ALREADY_ENROLLED", (1, 0)),
}
_MOVES: Mapping[str, tuple[str, str, str]] = {
    "SuspendCustomer": ("ACTIVE", "SUSPENDED", "CUSTOMER_ALREADY_SUSPENDED"),
    "ReinstateCustomer": ("SUSPENDED", "ACTIVE", "CUSTOMER_NOT_SUSPENDED"),
    "ApproveOrder": ("PENDING", "APPROVED", "ORDER_NOT_PENDING"),
    "ShipOrder": ("APPROVED", "SHIPPED", "ORDER_NOT_APPROVED"),
    "DeliverOrder": ("SHIPPED", "DELIVERED", "ORDER_NOT_SHIPPED"),
}
KINDS = (*_BEGINNINGS, *_MOVES, "PlaceOrder", "CancelOrder", "ReceiveStock", "UpdateRiskScore")


def _place(states: Mapping[str, State], deed: Deed) -> dict[str, State] | set[str]:
    customer, product = (states.get(stream) for stream in deed.about)
    reasons = set()
    if customer is None:
        reasons.add("CUSTOMER_NOT_FOUND")
    elif customer[1] == "SUSPENDED":
        reasons.add("ACCOUNT_SUSPENDED")
    if product is None:
        reasons.add("PRODUCT_NOT_FOUND")
    elif product[1] < deed.amount:
        reasons.add("INSUFFICIENT_INVENTORY")
    if deed.stream in states:
        reasons.add("ORDER_EXISTS")
    if reasons or product is None:
        return reasons
    taken = (product[0] + 1, product[1] - deed.amount)
    return {deed.stream: (1, "PENDING", deed.about[1], deed.amount), deed.about[1]: taken}


def _cancel(states: Mapping[str, State], deed: Deed, order: State) -> dict[str, State] | set[str]:
    version, status, sku, quantity = order
    if status in ("SHIPPED", "DELIVERED"):
        return {"ORDER_ALREADY_SHIPPED"}
    if status == "CANCELLED":
        return {"ORDER_ALREADY_CANCELLED"}
    product = states[sku]
    return {
        deed.stream: (version + 1, "CANCELLED", sku, quantity),
        sku: (product[0] + 1, product[1] + quantity),
    }


def _explains(world: World, deed: Deed, reason: str, current_version: int | None) -> bool:
    result = outcome(world, deed)
    if not isinstance(result, set) or reason not in result:
        return False
    state = world.state(deed.stream)
    return current_version is None or current_version == (state[0] if state else 0)


def _shown(state: State | None) -> State | None:
    """What a query shows of a state."""
    return state[:2] if state is not None else None


def altered(deed: Deed) -> Deed:
    """Another content under the same number."""
    return replace(deed, amount=deed.amount + 1)
