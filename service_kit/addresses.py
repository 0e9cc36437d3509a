"""Addresses to listen on: host:port, bound by one program and no other."""

import socket

from service_kit.errors import StartRefused


def parse(address: str) -> tuple[socket.AddressFamily, str, int]:
    """The family, host and port of host:port; raise StartRefused."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise StartRefused(f"not an address of the form host:port: {address}")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    return family, host.strip("[]"), int(port)


def refuse_taken(address: str) -> None:
    """Raise StartRefused when another process listens there; the library would tell of it in many lines."""
    if address.startswith("unix:"):
        return
    family, host, port = parse(address)
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise StartRefused(f"can't listen on {address}: {error.strerror}") from error


def bind_alone(address: str) -> socket.socket:
    """A socket that keeps the port from others, but not from processes that share it; raise StartRefused.

    It is bound before it lets others share: so of two programs that begin at once only one gets it, and
    whoever does not ask to share is refused for as long as the socket is open. It never listens.
    """
    refuse_taken(address)
    family, host, port = parse(address)
    reserved = socket.socket(family, socket.SOCK_STREAM)
    try:
        reserved.bind((host, port))
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError as error:
        reserved.close()
        raise StartRefused(f"can't listen on {address}: {error.strerror}") from error
    return reserved


def with_port(address: str, bound: socket.socket) -> str:
    """The address with the port that a socket was given."""
    return f"{address.rpartition(':')[0]}:{bound.getsockname()[1]}"
