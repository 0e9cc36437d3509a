"""`diptych demo`: fills a stack with the sample and shows what it answers."""

import io
from pathlib import Path
from typing import Annotated, NoReturn

import grpc
import typer
import uvloop
from rich.console import Console

from command_line.demo_answers import calls, show_answers
from command_line.demo_commands import demo_commands
from command_line.demo_families import demo_families
from command_line.demo_family_answers import show_family_answers
from command_line.importing.batches import families_batch, orders_batch
from command_line.importing.online_retail.report import RetailReport
from command_line.importing.online_retail.source import OnlineRetail, files_of
from command_line.importing.progress import progress_view
from command_line.importing.replay import Replayed, replay
from command_line.importing.sender import Sender, SendingStopped
from local_stack.addresses import for_callers
from local_stack.examples import grpcurl
from service_kit.settings import Settings

SAMPLE = Path(__file__).parent / "sample" / "online-retail"


def demo(
    write_address: Annotated[
        str, typer.Option(envvar="DIPTYCH_WRITE_ADDRESS", help="The write service.")
    ] = "127.0.0.1:50051",
    read_address: Annotated[
        str, typer.Option(envvar="DIPTYCH_READ_ADDRESS", help="The read service.")
    ] = "127.0.0.1:50052",
) -> None:
    """Fill the services with a day of a real shop, other orders and families; again changes nothing."""
    console = Console()
    write_address, read_address = for_callers(write_address), for_callers(read_address)
    try:
        replayed = uvloop.run(fill(write_address, console))
        _conclude(console, replayed)
        assert replayed.report.last_receipt is not None  # noqa: S101 - the demo has commands
        show_answers(console, read_address, replayed.report.last_receipt.token)
        show_family_answers(console, read_address, replayed.report.last_receipt.token)
    except SendingStopped as error:
        _fail(str(error))
    except grpc.RpcError as error:
        _fail(f"the read service at {read_address} did not answer: {error}")
    console.print("\nGo on with:")
    for call in calls(grpcurl(Settings()), write_address, read_address):
        console.print(f"  {call}", markup=False, highlight=False, soft_wrap=True)


async def fill(write_address: str, console: Console) -> Replayed[RetailReport]:
    """Import the sample and send the demo's own commands. Raises SendingStopped."""
    replayed = await replay(
        OnlineRetail(files_of(SAMPLE), io.StringIO()),
        write_address=write_address,
        progress=progress_view(console),
        streams=1,
        in_flight=512,
    )
    async with Sender(orders_batch, write_address, replayed.report.note_answer, streams=1) as sender:
        for group in demo_commands():
            await sender.send([group])
    async with Sender(families_batch, write_address, replayed.report.note_answer, streams=1) as sender:
        await sender.send(demo_families())
    return replayed


def _conclude(console: Console, replayed: Replayed[RetailReport]) -> None:
    report = replayed.report
    before = sum(outcomes.replayed + outcomes.existing for outcomes in report.outcomes.values())
    console.print(
        f"{report.answered:,} commands answered, {before:,} of them had been accepted before; "
        f"sample: Online Retail (D. Chen, 2015), CC BY 4.0",
        highlight=False,
        soft_wrap=True,
    )
    for reason, count in sorted(report.commands_refused.items()):
        console.print(f"{count:,} commands refused: {reason}", highlight=False)
    for reason, count in sorted(report.entries_not_taken.items()):
        console.print(f"{count:,} lines not taken: {reason}", highlight=False)


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
