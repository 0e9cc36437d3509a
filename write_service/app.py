"""The write service's process: everything that it is made of, put together by plain calls."""

import gc
from dataclasses import dataclass
from typing import Any

from diptych.eventlog.v1 import event_log_service_pb2
from diptych.families.v1 import family_command_service_pb2
from diptych.orders.v1 import order_command_service_pb2
from google.protobuf.descriptor import ServiceDescriptor

from event_store import EventLog, EventStore
from service_kit.lifecycle import serve
from service_kit.methods import Service
from service_kit.server import GrpcServer
from service_kit.settings import Settings
from write_service.command_handler import CommandHandler
from write_service.command_service import CommandService
from write_service.decider import Command, Decider
from write_service.event_log_service import EventLogService
from write_service.event_types import EventTypes
from write_service.families import service as families
from write_service.live_log import LiveLog
from write_service.orders import service as orders
from write_service.receipts import Receipts
from write_service.refusals import error_table

# A command's objects die with it, none in cycles; looking for cycles every 700 objects, through all cached
# streams, takes a seventh of a command's time.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """A domain that is served: its command service in the contract, its commands, and their deciders."""

    service: ServiceDescriptor
    commands: tuple[Command[Any, Any], ...]
    deciders: tuple[Decider[Any], ...]


_ORDERS = order_command_service_pb2.DESCRIPTOR.services_by_name["OrderCommandService"]
_FAMILIES = family_command_service_pb2.DESCRIPTOR.services_by_name["FamilyCommandService"]

DOMAINS = (
    Domain(_ORDERS, orders.COMMANDS, orders.DECIDERS),
    Domain(_FAMILIES, families.COMMANDS, families.DECIDERS),
)


class WriteService:
    """The parts of the write service, from open to close."""

    def __init__(self, settings: Settings) -> None:
        key = settings.required_token_key()
        url = settings.required_database_url()
        self.store = EventStore(url)
        self.log = EventLog(url)
        deciders = [decider for domain in DOMAINS for decider in domain.deciders]
        self.types = EventTypes(self.store, self.log, deciders)
        self.receipts = Receipts(key)
        self.handler = CommandHandler(self.store, deciders, self.receipts)
        self.live = LiveLog(self.log)
        self.server = GrpcServer(
            address=settings.write_address,
            services=[*(self._commands_of(domain) for domain in DOMAINS), self._event_log()],
            settings=settings,
            errors=error_table(),
        )

    async def close(self) -> None:
        """Finish what is on its way and close all connections; the server is stopped already."""
        await self.live.close()
        await self.handler.close()
        await self.store.close()
        await self.log.close()

    def _commands_of(self, domain: Domain) -> Service:
        return Service(
            descriptor=domain.service,
            implementation=CommandService(domain.service, domain.commands, self.handler, self.receipts),
            refuses_unknown_fields=True,
            checks_itself=frozenset({"ExecuteBatch"}),
            probe=self.types.is_ready,
        )

    def _event_log(self) -> Service:
        return Service(
            descriptor=event_log_service_pb2.DESCRIPTOR.services_by_name["EventLogService"],
            implementation=EventLogService(self.store, self.log, self.live),
            endless=frozenset({"Subscribe"}),
            probe=self.types.is_ready,
        )


async def main(settings: Settings) -> None:
    """Serve until told to stop. A log that does not answer yet is waited for: not ready until then."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    service = WriteService(settings)
    try:
        await serve("write service", service.server)
    finally:
        await service.close()
