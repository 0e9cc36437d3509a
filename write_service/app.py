"""The write service's process: everything that it is made of, put together by plain calls."""

from diptych.eventlog.v1 import event_log_service_pb2
from diptych.orders.v1 import order_command_service_pb2

from event_store import EventLog, EventStore
from service_kit.lifecycle import serve
from service_kit.methods import Service
from service_kit.server import GrpcServer
from service_kit.settings import Settings
from write_service.command_handler import CommandHandler
from write_service.command_service import CommandService
from write_service.event_log_service import EventLogService
from write_service.event_types import EventTypes
from write_service.live_log import LiveLog
from write_service.orders.service import COMMANDS, DECIDERS
from write_service.receipts import Receipts
from write_service.refusals import error_table


class WriteService:
    """The parts of the write service, from open to close."""

    def __init__(self, settings: Settings) -> None:
        key = settings.required_token_key()
        url = settings.required_database_url()
        self.store = EventStore(url)
        self.log = EventLog(url)
        self.types = EventTypes(self.store, self.log, DECIDERS)
        receipts = Receipts(key)
        self.handler = CommandHandler(self.store, DECIDERS, receipts)
        self.live = LiveLog(self.log)
        event_log = event_log_service_pb2.DESCRIPTOR.services_by_name["EventLogService"]
        orders = order_command_service_pb2.DESCRIPTOR.services_by_name["OrderCommandService"]
        self.server = GrpcServer(
            address=settings.write_address,
            services=[
                Service(
                    descriptor=orders,
                    implementation=CommandService(orders, COMMANDS, self.handler, receipts),
                    refuses_unknown_fields=True,
                    checks_itself=frozenset({"ExecuteBatch"}),
                    probe=self.types.is_ready,
                ),
                Service(
                    descriptor=event_log,
                    implementation=EventLogService(self.store, self.log, self.live),
                    endless=frozenset({"Subscribe"}),
                    probe=self.types.is_ready,
                ),
            ],
            settings=settings,
            errors=error_table(),
        )

    async def close(self) -> None:
        """Finish what is on its way and close all connections; the server is stopped already."""
        await self.live.close()
        await self.handler.close()
        await self.store.close()
        await self.log.close()


async def main(settings: Settings) -> None:
    """Serve until told to stop. A log that does not answer yet is waited for: not ready until then."""
    service = WriteService(settings)
    try:
        await serve("write service", service.server)
    finally:
        await service.close()
