"""Everything that a shop's clients and its bad luck may do, in any order; every answer is held against
what may be true.
"""

from dataclasses import replace
from typing import ClassVar

from diptych.consistency.v1.consistency_pb2 import Consistency
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.checked_shop import PATIENCE_SECONDS, CheckedShop
from tests.properties.possible_worlds import KINDS
from tests.properties.small_shop import PROCESSES, PROJECTIONS, ShopUnderTest
from tests.properties.walk import Walk
from tests.properties.watcher import Watcher

_MOST_OPEN = 4
_MOST_WALKS = 3
_places = st.integers(0, 2)
_orders = st.integers(0, 3)


class AnySequence(RuleBasedStateMachine):
    """What is drawn never depends on an answer, so that a seed always tries the same."""

    shop: ClassVar[ShopUnderTest]

    def __init__(self) -> None:
        super().__init__()
        self.checked = CheckedShop(self.shop)
        self.walks: list[Walk] = []
        self.watchers: list[Watcher] = []

    @initialize()
    def open(self) -> None:
        """A customer, a product with stock and a family."""
        for kind, stream, amount in (
            ("RegisterCustomer", "customer", 0),
            ("RegisterProduct", "product", 0),
            ("ReceiveStock", "product", 5),
            ("EnrollFamily", "family", 0),
        ):
            self.checked.do(self.checked.deed(kind, stream, 0, amount=amount))

    @rule(kind=st.sampled_from(KINDS), place=_places, order=_orders, amount=st.integers(1, 4))
    def command(self, kind: str, place: int, order: int, amount: int) -> None:
        """Send a command and wait for its outcome as long as it takes."""
        self.checked.do(self.checked.of_kind(kind, place, order, amount))

    @rule(order=_orders, amount=st.integers(1, 3))
    def place_order(self, order: int, amount: int) -> None:
        """The command that reads and writes most."""
        self.checked.do(self.checked.of_kind("PlaceOrder", 0, order, amount))

    @rule(
        kind=st.sampled_from(KINDS),
        place=_places,
        order=_orders,
        amount=st.integers(1, 4),
        back=st.integers(0, 1),
    )
    def command_with_version(self, kind: str, place: int, order: int, amount: int, back: int) -> None:
        """Send a command that expects what its stream is now, or what it was."""
        deed = self.checked.of_kind(kind, place, order, amount)
        version = max(0, self.checked.version_of(deed.stream) - back)
        self.checked.do(replace(deed, expected_version=version))

    @rule(
        kind=st.sampled_from(KINDS),
        place=_places,
        order=_orders,
        amount=st.integers(1, 4),
        milliseconds=st.integers(1, 25),
    )
    def hurried_command(self, kind: str, place: int, order: int, amount: int, milliseconds: int) -> None:
        """Send a command and give it up after about as long as it takes."""
        if len(self.checked.worlds.open) < _MOST_OPEN:
            self.checked.send(self.checked.of_kind(kind, place, order, amount), milliseconds / 1000)

    @rule(back=st.integers(0, 5))
    def send_again(self, back: int) -> None:
        """Send an earlier command again, whatever became of it."""
        if self.checked.deeds:
            deed, request = self.checked.deeds[-1 - back % len(self.checked.deeds)]
            self.checked.do(deed, request)

    @rule(back=st.integers(0, 5))
    def send_altered(self, back: int) -> None:
        """Send another content under the id of a command that was surely accepted."""
        if self.checked.deeds and "write_service" not in self.shop.down:
            self.checked.send_altered(*self.checked.deeds[-1 - back % len(self.checked.deeds)])

    @rule(
        category=st.sampled_from(("customer", "product", "order", "family")),
        place=_orders,
        freshness=st.sampled_from(("any", "token", "token", "newest", "old")),
    )
    def read(self, category: str, place: int, freshness: str) -> None:
        """Ask for an entity: of any age, as new as all that was acknowledged, or as the log's end."""
        stream = self.checked.stream(category, place)
        consistency = self.checked.consistency(freshness)
        if consistency is not None:
            self.checked.look(stream, consistency, freshness)

    @precondition(lambda self: len(self.walks) < _MOST_WALKS)
    @rule(page_size=st.integers(1, 3), is_fresh=st.booleans())
    def open_list(self, page_size: int, is_fresh: bool) -> None:
        """Begin to list the orders."""
        walk = Walk(
            self.shop.client,
            f"{self.checked.name}/{len(self.walks)}",
            self.checked.stream("customer", 0).partition("-")[2],
            page_size,
            (self.checked.consistency("token") if is_fresh else None) or self.checked.within(Consistency()),
        )
        if is_fresh and self.checked.token is not None:
            walk.must_come = self.checked.surely_placed()
        self.walks.append(walk)
        self.checked.advance(walk)

    @precondition(lambda self: self.walks)
    @rule(which=st.integers(0, 5))
    def advance_list(self, which: int) -> None:
        """Take a page more."""
        self.checked.advance(self.walks[which % len(self.walks)])

    @precondition(lambda self: self.walks)
    @rule(which=st.integers(0, 5))
    def abandon_list(self, which: int) -> None:
        """Never take the rest."""
        self.walks[which % len(self.walks)].abandon()

    @precondition(lambda self: len(self.watchers) < 2)
    @rule(order=_orders)
    def watch(self, order: int) -> None:
        """Watch an order that may not be there yet."""
        order_id = self.checked.stream("order", order).partition("-")[2]
        self.watchers.append(Watcher(self.shop.reads["orders"], order_id))

    @rule(name=st.sampled_from(PROCESSES))
    def kill(self, name: str) -> None:
        """kill -9."""
        self.shop.kill(name)

    @rule()
    def heal(self) -> None:
        """Start what is down, resume what is paused."""
        self.shop.heal()

    @rule(name=st.sampled_from(PROJECTIONS))
    def pause(self, name: str) -> None:
        """Pause a projection."""
        self.shop.pause(name)

    @rule(name=st.sampled_from(PROJECTIONS), leaves_at_once=st.booleans())
    def rebuild(self, name: str, leaves_at_once: bool) -> None:
        """Fill a new generation beside the live one."""
        self.shop.rebuild(name, leaves_at_once=leaves_at_once)

    @rule(name=st.sampled_from(PROJECTIONS))
    def roll_back(self, name: str) -> None:
        """Go back to the generation before."""
        self.shop.roll_back(name)

    @rule(fault=st.sampled_from(("FLUSHALL", "Postgres", "Postgres", "epoch")))
    def store_fault(self, fault: str) -> None:
        """What may happen to the stores."""
        match fault:
            case "FLUSHALL":
                self.shop.empty_read_models()
            case "Postgres":
                self.shop.crash_postgres()
            case "epoch":
                self.shop.begin_epoch()
                self.checked.forget_token()

    @invariant()
    def nothing_is_wrong_with_the_log_and_the_lists(self) -> None:
        """Positions, versions, commands and their events; rows of lists."""
        faults = [fault for walk in self.walks for fault in walk.faults()]
        faults += [fault for watcher in self.watchers for fault in watcher.faults]
        assert faults + self.shop.log_faults() == []

    def teardown(self) -> None:
        """Heal, bring every command to a certain outcome, and look at everything."""
        try:
            self.shop.heal()
            for deed, request in self.checked.deeds:
                if deed.number in self.checked.worlds.open:
                    self.checked.do(deed, request)
            for stream in sorted({deed.stream for deed, _ in self.checked.deeds}):
                self.checked.look(stream, self.checked.within(Consistency(fully_consistent=True)), "newest")
            for walk in self.walks:
                while not walk.is_over:
                    self.checked.advance(walk)
            self.nothing_is_wrong_with_the_log_and_the_lists()
            for watcher in self.watchers:
                self._check_watched(watcher)
        finally:
            for watcher in self.watchers:
                watcher.end()

    def _check_watched(self, watcher: Watcher) -> None:
        stream = f"order-{watcher.order_id}"
        state, *others = {world.state(stream) for world in self.checked.worlds.possible}
        if state is not None and not others:
            assert watcher.came_to(state[0], PATIENCE_SECONDS), (stream, state, watcher.seen)
        for seen in watcher.seen:
            self.checked.worlds.seen_of_old(stream, seen)
