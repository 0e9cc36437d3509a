"""Postgres and Valkey made ready for the processes: our own servers, or those that the settings name."""

from collections.abc import Callable
from pathlib import Path

from event_store import BegunEpoch, LogHead
from local_stack import log_access, redis_access
from local_stack.errors import StackError
from local_stack.identity import IdentityFile
from local_stack.postgres import PostgresServer
from local_stack.private_files import generated_secret, private_directory
from local_stack.service_environments import Backends
from local_stack.supervisor import Server
from local_stack.valkey import ValkeyServer, ValkeySettings, ValkeyUser
from service_kit.settings import Settings


class BackendSetup:
    """Checks that data and log belong together, and fills empty servers with what the processes need."""

    def __init__(self, settings: Settings, directory: Path, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._directory = directory
        self._identity = IdentityFile(directory)
        self._say = say
        self._secrets = private_directory(directory / "secrets")
        self._postgres = None if settings.database_url else PostgresServer(directory / "postgres")
        self._valkey = None if settings.redis_url else self._own_valkey()

    @property
    def servers(self) -> dict[str, Server]:
        """The servers to start first, in order."""
        servers: dict[str, Server] = {}
        if self._postgres is not None:
            servers["postgres"] = self._postgres
        if self._valkey is not None:
            servers["valkey"] = self._valkey
        return servers

    def check_data(self) -> None:
        """Refuse to begin anew where data was lost. Raises StackError."""
        if self._postgres is None:
            return
        self._identity.check_before_start(
            postgres=self._postgres.cluster,
            system_identifier=self._postgres.system_identifier() if self._postgres.exists else None,
            valkey_exists=self._valkey is not None and self._valkey.exists,
        )
        if self._postgres.exists and self._valkey is not None and not self._valkey.exists:
            self._say("the data of Valkey is missing: the read models fill again from the log")

    def prepare(self) -> Backends:
        """Migrate, make roles and users, load the functions; the servers run by now. Raises StackError."""
        head = self._prepare_log()
        if self._postgres is not None:
            self._identity.check_log(system_identifier=self._postgres.system_identifier(), epoch=head.epoch)
        admin_url = self._database_admin_url()
        projector_redis_url, reader_redis_url = self._prepare_redis()
        return Backends(
            writer_database_url=log_access.as_role(
                admin_url, log_access.WRITER, self._secret("database_writer")
            ),
            projector_database_url=log_access.as_role(
                admin_url, log_access.PROJECTOR, self._secret("database_projector")
            ),
            projector_redis_url=projector_redis_url,
            reader_redis_url=reader_redis_url,
        )

    def begin_epoch(self) -> BegunEpoch:
        """Begin a new epoch of a log that was restored, and take it for ours. Raises StackError."""
        if self._postgres is None:
            self._prepare_log()
            return log_access.begin_log_epoch(self._database_admin_url())
        if not self._postgres.exists:
            raise StackError(f"{self._postgres.cluster} is missing: restore it first")
        self._postgres.start()
        try:
            self._prepare_log()
            begun = log_access.begin_log_epoch(self._database_admin_url())
            self._identity.renew(system_identifier=self._postgres.system_identifier(), epoch=begun.epoch)
        finally:
            self._postgres.stop()
        return begun

    def token_key(self) -> str:
        """The key that seals tokens, made once a data directory."""
        return self._secret("token_key")

    def _prepare_log(self) -> LogHead:
        return log_access.prepare_log(
            self._database_admin_url(),
            writer_password=self._secret("database_writer"),
            projector_password=self._secret("database_projector"),
        )

    def _prepare_redis(self) -> tuple[str, str]:
        """The addresses for the projector and for readers."""
        admin_url = self._redis_admin_url()
        redis_access.load_functions(admin_url)
        if self._valkey is None and not redis_access.make_users(admin_url, self._users()):
            self._say("Redis lets us make no users: all processes use the one of DIPTYCH_REDIS_URL")
            return admin_url, admin_url
        projector = redis_access.as_user(admin_url, redis_access.PROJECTOR, self._secret("redis_projector"))
        reader = redis_access.as_user(admin_url, redis_access.READER, self._secret("redis_reader"))
        return projector, reader

    def _database_admin_url(self) -> str:
        return self._settings.required_database_url() if self._postgres is None else self._postgres.admin_url

    def _redis_admin_url(self) -> str:
        return self._settings.required_redis_url() if self._valkey is None else self._valkey.admin_url

    def _own_valkey(self) -> ValkeyServer:
        return ValkeyServer(self._directory / "valkey", ValkeySettings(users=self._users()))

    def _users(self) -> tuple[ValkeyUser, ...]:
        return redis_access.users(
            projector_password=self._secret("redis_projector"), reader_password=self._secret("redis_reader")
        )

    def _secret(self, name: str) -> str:
        return generated_secret(self._secrets / name)
