"""What a process is told from outside: every setting, its environment name and its default."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service_kit.errors import StartRefused


class Settings(BaseSettings):
    """Settings read from DIPTYCH_<NAME>; a value of the wrong shape refuses the start."""

    model_config = SettingsConfigDict(
        env_prefix="DIPTYCH_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    write_address: str = "127.0.0.1:50051"
    read_address: str = "127.0.0.1:50052"
    projector_address: str = "127.0.0.1:50053"
    # Empty: no metrics over HTTP.
    metrics_address: str = "127.0.0.1:9464"
    data_dir: Path = Path(".diptych")
    # Both may hold a password, so neither shows in a representation.
    database_url: str | None = Field(default=None, repr=False)
    redis_url: str | None = Field(default=None, repr=False)
    # Seals page and consistency tokens: 16 to 64 bytes in hex, the same for all processes.
    token_key: str | None = Field(default=None, repr=False)
    stale_after_seconds: float = Field(default=5.0, gt=0)
    # How long a projector that fell silent keeps its read models from the next one.
    lease_seconds: float = Field(default=5.0, ge=0.2)
    # How long a look at all of a read model for damage may take while nothing is written.
    scrub_seconds: float = Field(default=600.0, ge=0)
    # How many processes serve each address.
    write_processes: int = Field(default=1, ge=1, le=64)
    read_processes: int = Field(default=1, ge=1, le=64)
    projector_processes: int = Field(default=1, ge=1, le=64)
    # The number of this process among those that serve its address; told by the one that launches them.
    worker: int | None = None
    # Into how many parts each read model is split; the same for projectors and read services.
    partitions: int = Field(default=1, ge=1, le=32)
    # How long calls under way may take to end once the process was told to stop.
    drain_seconds: float = Field(default=10.0, ge=0)
    # How long the process keeps answering after it became NOT_SERVING, for balancers to notice.
    drain_notice_seconds: float = Field(default=0.0, ge=0)
    max_request_bytes: int = Field(default=1024 * 1024, ge=1024)
    max_response_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    max_calls: int = Field(default=1000, ge=1)
    max_streams: int = Field(default=1000, ge=1)
    # The deadline of a unary call that comes without one.
    default_deadline_seconds: float = Field(default=30.0, gt=0)
    write_timeout_seconds: float = Field(default=10.0, gt=0)
    # "aio" serves with grpc.aio: slower, and on nothing but grpcio's public interface.
    grpc_engine: Literal["core", "aio"] = "core"
    # PEM files. With a certificate and its key, all addresses but that of metrics speak TLS.
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    # Whoever calls must then show a certificate that one of these signed.
    tls_client_ca: Path | None = None
    # What this project's own clients trust, instead of the certificates that gRPC brings along.
    tls_ca: Path | None = None
    log_level: str = "info"

    @field_validator("token_key")
    @classmethod
    def _token_key_is_hex(cls, value: str | None) -> str | None:
        if value is not None and not 16 <= len(bytes.fromhex(value)) <= 64:
            raise ValueError("must be 16 to 64 bytes in hex")
        return value

    @field_validator("log_level")
    @classmethod
    def _log_level_is_known(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("must be debug, info, warning or error")
        return value.lower()

    def required_database_url(self) -> str:
        """Raise StartRefused when DIPTYCH_DATABASE_URL is not set."""
        return _required("DIPTYCH_DATABASE_URL", self.database_url)

    def required_redis_url(self) -> str:
        """Raise StartRefused when DIPTYCH_REDIS_URL is not set."""
        return _required("DIPTYCH_REDIS_URL", self.redis_url)

    def required_token_key(self) -> bytes:
        """Raise StartRefused when DIPTYCH_TOKEN_KEY is not set."""
        return bytes.fromhex(_required("DIPTYCH_TOKEN_KEY", self.token_key))


def _required(name: str, value: str | None) -> str:
    if value is None:
        raise StartRefused(f"{name} must be set")
    return value
