"""The calls that a newcomer can paste, for the addresses of this run."""

_WRITE = "diptych.orders.v1.OrderCommandService"
_READ = "diptych.orders.v1.OrderQueryService"
# Always the same, so that the call works however often it is pasted: a repeat gives the first answer.
_COMMAND_ID = "01a4b2a6-6f0e-7c5c-9d1f-6a3f2f0e8b11"


def calls(*, write_address: str, read_address: str, projector_address: str) -> str:
    """grpcurl calls that work as written: they write, read and look at the log and the projections."""
    command = f'"context":{{"command_id":"{_COMMAND_ID}"}}'
    register = f'{{{command},"sku":"tea","name":"Tea","unit_price_cents":450,"currency_code":"GBP"}}'
    return "\n".join(
        (
            "Try it (the services describe themselves):",
            f"  grpcurl -plaintext {write_address} list",
            f"  grpcurl -plaintext -d '{register}' {write_address} {_WRITE}/RegisterProduct",
            f'  grpcurl -plaintext -d \'{{"sku":"tea"}}\' {read_address} {_READ}/GetProduct',
            f"  grpcurl -plaintext {write_address} diptych.eventlog.v1.EventLogService/ReadAll",
            f"  grpcurl -plaintext {projector_address} "
            "diptych.projections.v1.ProjectionAdminService/ListProjections",
            "Fill it with sample data:",
            "  .venv/bin/diptych demo",
        )
    )
