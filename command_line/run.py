"""`diptych run`: the whole stack in the foreground, until Ctrl-C or SIGTERM."""

import signal
import threading
import time
from contextlib import ExitStack

from rich.console import Console
from rich.status import Status as StatusLine

from local_stack.addresses import for_callers
from local_stack.examples import calls, grpcurl
from local_stack.stack import LocalStack
from service_kit.settings import Settings

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 0.2
_STATUS_SECONDS = 1.0
_PLAIN_STATUS_SECONDS = 30.0


def run() -> None:
    """Start Postgres, Valkey and the three services, and keep them running until Ctrl-C."""
    settings = Settings()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    # These end the run the way Ctrl-C does, wherever it is; the end itself is not interrupted.
    for number in _ENDS:
        signal.signal(number, signal.default_int_handler)
    stack = LocalStack(settings, console.print)
    try:
        stack.start()
        console.print(_how_to_call(settings))
        _keep_running(stack, console)
    except KeyboardInterrupt:
        console.print("stopping: the services drain, then the servers end")
    finally:
        for number in _ENDS:
            signal.signal(number, signal.SIG_IGN)
        stack.stop()
    console.print("stopped")


def _keep_running(stack: LocalStack, console: Console) -> None:
    pause = threading.Event()
    shown, shown_at = "", time.monotonic()
    with ExitStack() as closing:
        line = closing.enter_context(StatusLine("", console=console)) if console.is_terminal else None
        while not pause.wait(_LOOK_SECONDS):
            stack.look()
            if time.monotonic() - shown_at < (_STATUS_SECONDS if line else _PLAIN_STATUS_SECONDS):
                continue
            status, shown_at = str(stack.status()), time.monotonic()
            if line is not None:
                line.update(status)
            elif status != shown:
                console.print(status)
            shown = status


def _how_to_call(settings: Settings) -> str:
    return calls(
        grpcurl=grpcurl(settings),
        write_address=for_callers(settings.write_address),
        read_address=for_callers(settings.read_address),
        projector_address=for_callers(settings.projector_address),
    )
