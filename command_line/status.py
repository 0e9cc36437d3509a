"""`diptych status`: what the projector says about log and read models."""

import typer

from local_stack.addresses import for_callers
from local_stack.errors import StackError
from local_stack.status import ProjectorClient
from service_kit.settings import Settings


def status() -> None:
    """Print the events in the log and how far the read models are behind."""
    address = for_callers(Settings().projector_address)
    client = ProjectorClient(address)
    try:
        projections = client.projections()
    finally:
        client.close()
    if projections is None:
        raise StackError(f"no projector answers on {address}: start it with diptych run")
    typer.echo(str(projections))
