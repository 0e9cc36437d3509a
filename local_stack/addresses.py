"""Checks before the start that the addresses to serve on are free."""

import socket
from collections.abc import Mapping

from local_stack.errors import StackError


def check_free(addresses: Mapping[str, str]) -> None:
    """Bind each address once; the mapping goes from the setting's name to it. Raises StackError."""
    for setting, address in addresses.items():
        if address.startswith("unix:"):
            continue
        host, port = split(setting, address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # Connections of the last run that wait for their end do not hinder the servers either.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
                probe.listen(1)
        except OSError as error:
            raise StackError(f"can't serve on {address}: {error.strerror}; set {setting}") from error


def split(setting: str, address: str) -> tuple[str, int]:
    """Take host:port apart. Raises StackError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise StackError(f"{setting} is {address!r}, wanted host:port")
    return host.strip("[]"), int(port)


def for_callers(address: str) -> str:
    """The address to call from this machine: a server on all interfaces is reached on this one."""
    return address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")
