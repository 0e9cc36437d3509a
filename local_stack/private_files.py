"""Directories 0700, files 0600, generated passwords, and places for Unix sockets."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from local_stack.errors import StackError

# A socket's whole path may have 107 bytes on Linux and 103 on macOS; Postgres adds up to 20.
_LONGEST_SOCKET_DIRECTORY = 80


def private_directory(path: Path) -> Path:
    """Make the directory for its owner alone, or say in one line why that is impossible."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError("Permission denied")
    except OSError as error:
        raise StackError(f"can't write to {path}: {error.strerror or error}") from error
    return path


def generated_secret(path: Path) -> str:
    """The secret kept in the file; a new one of 256 bits on the first call."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        secret = secrets.token_hex(32)
        write_private(path, secret + "\n")
        return secret


def write_private(path: Path, text: str) -> None:
    """Replace the file as a whole, readable by its owner alone, and durable before this returns."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def socket_directory(data_directory: Path) -> Path:
    """A private directory for sockets: in the data directory, or a short one when that path is too long."""
    inside = data_directory / "socket"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_DIRECTORY:
        return private_directory(inside)
    # The name follows from the data directory, so that the next start finds a server left behind.
    name = hashlib.blake2b(os.fsencode(data_directory), digest_size=6).hexdigest()
    short = private_directory(_short_directory() / f"diptych-{name}")
    if short.is_symlink() or short.stat().st_uid not in {os.geteuid(), _owner_of(data_directory)}:
        raise StackError(f"{short} belongs to another user, and {inside} is too long for a Unix socket")
    return short


def _short_directory() -> Path:
    wanted = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    fits = len(os.fsencode(wanted)) <= _LONGEST_SOCKET_DIRECTORY - 24 and os.access(wanted, os.W_OK)
    return wanted if fits else Path("/tmp")  # noqa: S108 - the directory made in it is private and checked


def _owner_of(path: Path) -> int:
    return path.stat().st_uid
