"""TLS on a service's address, with both engines: who gets in, who does not, and what refuses the start."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from service_kit.channels import open_aio_channel, open_channel
from service_kit.errors import StartRefused
from service_kit.methods import Service
from service_kit.server import GrpcServer
from service_kit.settings import Settings
from tests.certificates import Authority, Signed, key_content
from tests.services.kit_service import (
    Weaving,
    all_of,
    refusal_of,
    serving,
    stream,
    unary,
    valid_request,
    weaving_descriptor,
)
from tests.services.test_service_kit_workers import a_crew

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"), "authority")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Nobody trusts it."""
    return Authority(tmp_path_factory.mktemp("certificates"), "stranger")


def _settings(served: Signed, **more: Any) -> dict[str, Any]:
    return {"tls_certificate": served.certificate, "tls_key": served.key, **more}


def _trusting(authority: Authority, shown: Signed | None = None) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        authority.certificate.read_bytes(),
        None if shown is None else shown.key.read_bytes(),
        None if shown is None else shown.certificate.read_bytes(),
    )


async def _is_answered(address: str, credentials: grpc.ChannelCredentials | None) -> bool:
    """Whether a call over a new connection comes through; else it is UNAVAILABLE and nothing else."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with _channel(address, credentials, options) as channel:
        try:
            return bool((await unary(channel)(valid_request("7"), timeout=60)).order_id == "7")
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            return False


def _channel(
    address: str, credentials: grpc.ChannelCredentials | None, options: list[tuple[str, int]]
) -> grpc.aio.Channel:
    if credentials is None:
        return grpc.aio.insecure_channel(address, options)
    return grpc.aio.secure_channel(address, credentials, options)


@asynccontextmanager
async def _secured(**settings: Any) -> AsyncIterator[str]:
    async with serving(Weaving(), **settings) as (server, _):
        yield server.address


async def test_only_who_speaks_tls_and_trusts_the_certificate_gets_through(
    authority: Authority, stranger: Authority
) -> None:
    async with _secured(**_settings(authority.sign("server"))) as address:
        assert await _is_answered(address, _trusting(authority))
        assert not await _is_answered(address, None)
        assert not await _is_answered(address, _trusting(stranger))
        assert await _is_answered(address, _trusting(authority))


async def test_streams_and_refusals_come_over_tls_as_they_do_without(authority: Authority) -> None:
    async with (
        _secured(**_settings(authority.sign("server"))) as address,
        grpc.aio.secure_channel(address, _trusting(authority)) as channel,
    ):
        assert [each.order_id for each in await all_of(stream(channel)(valid_request("8")))] == ["8"]
        refused = await refusal_of(unary(channel, raw=True)(b"\xff"))
        assert refused.info.reason == "INVALID_REQUEST"


async def test_where_a_client_ca_is_given_only_who_shows_its_certificate_gets_through(
    authority: Authority, stranger: Authority
) -> None:
    settings = _settings(authority.sign("server"), tls_client_ca=authority.certificate)
    async with _secured(**settings) as address:
        assert await _is_answered(address, _trusting(authority, shown=authority.sign("caller")))
        assert not await _is_answered(address, _trusting(authority))
        assert not await _is_answered(address, _trusting(authority, shown=stranger.sign("impostor")))
        assert not await _is_answered(address, None)


async def test_without_a_client_ca_a_stranger_gets_through(authority: Authority, stranger: Authority) -> None:
    """The sabotaged twin of the test above."""
    async with _secured(**_settings(authority.sign("server"))) as address:
        assert await _is_answered(address, _trusting(authority, shown=stranger.sign("impostor")))


async def test_workers_speak_tls(
    authority: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = authority.sign("server")
    monkeypatch.setenv("DIPTYCH_TLS_CERTIFICATE", str(served.certificate))
    monkeypatch.setenv("DIPTYCH_TLS_KEY", str(served.key))
    monkeypatch.setenv("DIPTYCH_TLS_CLIENT_CA", str(authority.certificate))
    shown = _trusting(authority, shown=authority.sign("caller"))
    async with a_crew() as crew:
        assert all([await _is_answered(crew.address, shown) for _ in range(12)])
        assert not await _is_answered(crew.address, _trusting(authority))
        assert not await _is_answered(crew.address, None)


async def test_our_own_clients_speak_what_the_settings_say(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = authority.sign("server")
    monkeypatch.setenv("DIPTYCH_TLS_CERTIFICATE", str(served.certificate))
    monkeypatch.setenv("DIPTYCH_TLS_KEY", str(served.key))
    monkeypatch.setenv("DIPTYCH_TLS_CLIENT_CA", str(authority.certificate))
    async with _secured() as address:
        monkeypatch.setenv("DIPTYCH_TLS_CA", str(authority.certificate))
        async with open_aio_channel(address) as channel:
            assert (await unary(channel)(valid_request("7"))).order_id == "7"
        assert await asyncio.to_thread(_waits_until_ready, address)
        monkeypatch.delenv("DIPTYCH_TLS_CERTIFICATE")
        monkeypatch.delenv("DIPTYCH_TLS_KEY")
        async with open_aio_channel(address) as channel:
            refused = await refusal_of(unary(channel)(valid_request("7")))
            assert refused.code is grpc.StatusCode.UNAVAILABLE
    monkeypatch.setenv("DIPTYCH_TLS_CA", "/nowhere.pem")
    with pytest.raises(StartRefused, match=r"no TLS with /nowhere.pem: No such file"):
        open_channel(address)


def _waits_until_ready(address: str) -> bool:
    with open_channel(address) as channel:
        grpc.channel_ready_future(channel).result(timeout=60)
    return True


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"tls_key": None}, "go together"),
        ({"tls_certificate": None}, "go together"),
        ({"tls_certificate": None, "tls_key": None, "tls_client_ca": "authority.pem"}, "needs both"),
        ({"tls_key": "nowhere.key"}, "No such file"),
        ({"tls_key": "other.key"}, "key values mismatch"),
        ({"tls_key": "locked.key"}, "no TLS with"),
        ({"tls_certificate": "server.key"}, "no TLS with"),
        ({"tls_client_ca": "server.key"}, "no TLS with"),
        ({"tls_client_ca": "nowhere.pem"}, "No such file"),
    ],
)
async def test_files_that_do_not_fit_refuse_the_start(
    tmp_path: Path, wrong: dict[str, Any], complaint: str
) -> None:
    authority = Authority(tmp_path, "authority")
    served = authority.sign("server")
    authority.sign("other")
    locked = key_content(ec.generate_private_key(ec.SECP256R1()), b"secret")
    (tmp_path / "locked.key").write_bytes(locked)
    changes = {name: value and tmp_path / value for name, value in wrong.items()}
    settings = Settings(**{**_settings(served), **changes})
    service = Service(descriptor=weaving_descriptor(), implementation=Weaving())
    server = GrpcServer(address="127.0.0.1:0", services=[service], settings=settings)
    with pytest.raises(StartRefused, match=complaint):
        await server.start()
