"""The calls that a newcomer can paste, for the addresses of this run."""

from service_kit.settings import Settings

_WRITE = "diptych.orders.v1.OrderCommandService"
_READ = "diptych.orders.v1.OrderQueryService"
# Always the same, so that the call works however often it is pasted: a repeat gives the first answer.
_COMMAND_ID = "01a4b2a6-6f0e-7c5c-9d1f-6a3f2f0e8b11"


def grpcurl(settings: Settings) -> str:
    """grpcurl with what it needs to reach services of these settings."""
    files = {
        "-cacert": settings.tls_ca,
        "-cert": settings.tls_client_ca and settings.tls_certificate,
        "-key": settings.tls_client_ca and settings.tls_key,
    }
    if settings.tls_certificate is None and settings.tls_ca is None:
        return "grpcurl -plaintext"
    return " ".join(("grpcurl", *(f"{option} {file}" for option, file in files.items() if file)))


def calls(*, grpcurl: str, write_address: str, read_address: str, projector_address: str) -> str:
    """grpcurl calls that work as written: they write, read and look at the log and the projections."""
    command = f'"context":{{"command_id":"{_COMMAND_ID}"}}'
    register = f'{{{command},"sku":"tea","name":"Tea","unit_price_cents":450,"currency_code":"GBP"}}'
    return "\n".join(
        (
            "Try it (the services describe themselves):",
            f"  {grpcurl} {write_address} list",
            f"  {grpcurl} -d '{register}' {write_address} {_WRITE}/RegisterProduct",
            f'  {grpcurl} -d \'{{"sku":"tea"}}\' {read_address} {_READ}/GetProduct',
            f"  {grpcurl} {write_address} diptych.eventlog.v1.EventLogService/ReadAll",
            f"  {grpcurl} {projector_address} diptych.projections.v1.ProjectionAdminService/ListProjections",
            "Fill it with sample data:",
            "  .venv/bin/diptych demo",
        )
    )
