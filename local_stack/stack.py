"""The whole local stack: checks, servers, data, the three processes, and an orderly end."""

import shutil
from collections.abc import Callable, Mapping

from local_stack.addresses import check_free, for_callers
from local_stack.backends import BackendSetup
from local_stack.directory_lock import DirectoryLock
from local_stack.metrics_page import MetricsPage
from local_stack.private_files import private_directory
from local_stack.service_environments import SERVICES, service_environments
from local_stack.service_process import ServiceProcess, ServiceSettings
from local_stack.status import ProjectorClient, Status
from local_stack.supervisor import Supervisor
from service_kit.settings import Settings

# Beyond the drain, for the processes to close their connections.
_SPARE_STOP_SECONDS = 5.0


class LocalStack:
    """start, then look a few times a second, then stop; all from the main thread."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self.directory = private_directory(settings.data_dir.resolve())
        self._lock = DirectoryLock(self.directory)
        self._stop_leftovers()
        check_free(self._addresses())
        self._backends = BackendSetup(settings, self.directory, say)
        self._metrics = MetricsPage(self.directory / "metrics", settings.metrics_address)
        self._projector = ProjectorClient(for_callers(settings.projector_address))
        self._supervisor = Supervisor(say=say, ended=self._metrics.forget)

    def start(self) -> None:
        """Start everything; what was started stays running when a later part fails. Raises StackError."""
        self._backends.check_data()
        self._supervisor.start_servers(self._backends.servers)
        environments = service_environments(
            self._backends.prepare(),
            token_key=self._settings.token_key or self._backends.token_key(),
            metrics_directory=str(self._metrics.directory),
        )
        self._metrics.serve()
        self._supervisor.start_services(self._services(environments))

    def look(self) -> None:
        """Bring back what ended."""
        self._supervisor.look()

    def status(self) -> Status:
        """The figures of the status line; takes up to a second."""
        return Status(commands=self._metrics.commands(), projections=self._projector.projections())

    def stop(self) -> None:
        """Stop what runs, services first, and let the next supervisor in."""
        self._supervisor.stop()
        self._projector.close()
        shutil.rmtree(self._metrics.directory, ignore_errors=True)
        self._lock.release()

    def _services(self, environments: Mapping[str, Mapping[str, str]]) -> dict[str, ServiceProcess]:
        return {module: self._service(module, environments[module]) for module in environments}

    def _service(self, module: str, environment: Mapping[str, str]) -> ServiceProcess:
        drain_seconds = self._settings.drain_notice_seconds + self._settings.drain_seconds
        return ServiceProcess(
            ServiceSettings(
                module=module,
                environment=environment,
                log=private_directory(self.directory / "log") / f"{module}.log",
                stop_seconds=drain_seconds + _SPARE_STOP_SECONDS,
            )
        )

    def _stop_leftovers(self) -> None:
        for module in SERVICES:
            self._service(module, {}).stop_leftover()

    def _addresses(self) -> dict[str, str]:
        settings = self._settings
        addresses = {
            "DIPTYCH_WRITE_ADDRESS": settings.write_address,
            "DIPTYCH_READ_ADDRESS": settings.read_address,
            "DIPTYCH_PROJECTOR_ADDRESS": settings.projector_address,
        }
        if settings.metrics_address:
            addresses["DIPTYCH_METRICS_ADDRESS"] = settings.metrics_address
        return addresses
