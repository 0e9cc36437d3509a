"""The domains that are served, for tests that hold of the commands of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from diptych.families.v1 import family_command_service_pb2 as families
from diptych.orders.v1 import order_command_service_pb2 as orders
from google.protobuf.descriptor import ServiceDescriptor

from tests.end_to_end.every_command import Command, every_command
from tests.end_to_end.every_family_command import every_family_command
from tests.services.write_services import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A command service, and one command of every type that it takes."""

    # The name of its stub among those of a Caller.
    name: str
    service: ServiceDescriptor
    batched: type[Any]
    every_command: Callable[[], Iterator[Command]]

    @property
    def command_names(self) -> set[str]:
        return {rpc.name for rpc in self.service.methods if not rpc.client_streaming}

    async def send(self, caller: Caller, rpc: str, request: Any, timeout_seconds: float) -> Any:
        """Send one command in a call of its own."""
        return await getattr(getattr(caller, self.name), rpc)(request, timeout=timeout_seconds)

    async def send_in_batch(self, caller: Caller, rpc: str, request: Any, timeout_seconds: float) -> Any:
        """Send one command in a batch of its own."""
        field = next(
            field.name
            for field in self.batched.DESCRIPTOR.fields
            if field.message_type is not None and field.message_type.name == f"{rpc}Request"
        )
        call = getattr(caller, self.name).ExecuteBatch(
            iter([self.batched(**{field: request})]), timeout=timeout_seconds
        )
        [answer] = [each async for each in call]
        assert answer.WhichOneof("outcome") == field, answer
        return getattr(answer, field)


ORDERS = Domain(
    name="orders",
    service=orders.DESCRIPTOR.services_by_name["OrderCommandService"],
    batched=orders.ExecuteBatchRequest,
    every_command=every_command,
)
FAMILIES = Domain(
    name="families",
    service=families.DESCRIPTOR.services_by_name["FamilyCommandService"],
    batched=families.ExecuteBatchRequest,
    every_command=every_family_command,
)
DOMAINS = (ORDERS, FAMILIES)
