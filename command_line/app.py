"""`diptych`: runs the stack, prepares stores, tells how they are, and fills them by way of the services."""

import sys
from collections.abc import Callable
from typing import Any

import typer
from pydantic import ValidationError

from command_line.begin_epoch import begin_epoch
from command_line.demo import demo
from command_line.generating.command import generate_families
from command_line.importing.online_retail.command import import_online_retail
from command_line.importing.tuition.command import import_tuition
from command_line.migrate import migrate
from command_line.run import run
from command_line.status import status
from local_stack.errors import StackError
from service_kit.errors import StartRefused

# Every command is a plain function; its docstring is what --help shows.
COMMANDS: tuple[Callable[..., Any], ...] = (run, demo, status, migrate, begin_epoch)
# What `diptych import` takes: the name of the source and its function.
IMPORTS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("online-retail", import_online_retail),
    ("tuition", import_tuition),
)
# What `diptych generate` makes.
GENERATED: tuple[tuple[str, Callable[..., Any]], ...] = (("families", generate_families),)


def build() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        name="diptych",
        help="An append-only log in Postgres, read models in Redis, gRPC in front of both.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for command in COMMANDS:
        app.command()(command)
    sources = typer.Typer(help="Replay real data through the services.", no_args_is_help=True)
    for name, command in IMPORTS:
        sources.command(name)(command)
    app.add_typer(sources, name="import")
    generated = typer.Typer(help="Make up data and send it through the services.", no_args_is_help=True)
    for name, command in GENERATED:
        generated.command(name)(command)
    app.add_typer(generated, name="generate")
    return app


def main() -> None:
    """Run the command of the command line; what a person can mend is one line and exit code 1."""
    try:
        build()()
    except (StackError, StartRefused) as error:
        sys.exit(f"diptych: {error}")
    except ValidationError as error:
        wrong = "; ".join(
            f"DIPTYCH_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()
        )
        sys.exit(f"diptych: {wrong}")


if __name__ == "__main__":
    main()
