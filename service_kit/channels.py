"""How this project's own clients reach its services: in plaintext, or with TLS as the settings say."""

from collections.abc import Sequence

import grpc

from service_kit.settings import Settings
from service_kit.tls import channel_credentials

Options = Sequence[tuple[str, int]]


def open_channel(address: str, options: Options = ()) -> grpc.Channel:
    """A channel for calls that wait. Raises StartRefused when a file of TLS can't be read."""
    credentials = channel_credentials(Settings())
    if credentials is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, credentials, options)


def open_aio_channel(address: str, options: Options = ()) -> grpc.aio.Channel:
    """The same for calls in the event loop."""
    credentials = channel_credentials(Settings())
    if credentials is None:
        return grpc.aio.insecure_channel(address, options)
    return grpc.aio.secure_channel(address, credentials, options)
