"""TLS from PEM files: what a server shows and asks for, and what this project's own clients do."""

import ssl
from pathlib import Path

import grpc

from service_kit.errors import StartRefused
from service_kit.settings import Settings


def server_credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """None where calls come in plaintext; the files are read now and never again.

    Raises StartRefused when they can't be read or don't belong together.
    """
    certificate, key, client_ca = settings.tls_certificate, settings.tls_key, settings.tls_client_ca
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise StartRefused(
            "DIPTYCH_TLS_CERTIFICATE and DIPTYCH_TLS_KEY go together, and DIPTYCH_TLS_CLIENT_CA needs both"
        )
    _check(certificate, key, client_ca)
    return grpc.ssl_server_credentials(
        [(key.read_bytes(), certificate.read_bytes())],
        root_certificates=None if client_ca is None else client_ca.read_bytes(),
        require_client_auth=client_ca is not None,
    )


def channel_credentials(settings: Settings) -> grpc.ChannelCredentials | None:
    """None where services are called in plaintext; with TLS, our own certificate is shown if we have one.

    Raises StartRefused when a file can't be read.
    """
    certificate, key, trusted = settings.tls_certificate, settings.tls_key, settings.tls_ca
    if certificate is None and trusted is None:
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=_content(trusted),
        private_key=_content(key),
        certificate_chain=_content(certificate),
    )


def _check(certificate: Path, key: Path, client_ca: Path | None) -> None:
    """gRPC's core would tell of wrong files in many lines, and only when somebody calls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # A key with a password is refused; without this, OpenSSL would ask for it at the terminal.
        context.load_cert_chain(certificate, key, password=lambda: b"")
        if client_ca is not None:
            context.load_verify_locations(client_ca)
    except (OSError, ValueError) as error:
        # Which one it was is not in the error.
        files = ", ".join(str(file) for file in (certificate, key, client_ca) if file is not None)
        raise StartRefused(f"no TLS with {files}: {_reason(error)}") from error


def _content(file: Path | None) -> bytes | None:
    try:
        return None if file is None else file.read_bytes()
    except OSError as error:
        raise StartRefused(f"no TLS with {file}: {_reason(error)}") from error


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not in PEM form").lower().replace("_", " ")
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
