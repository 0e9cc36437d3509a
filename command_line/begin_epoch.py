"""`diptych begin-epoch`: what follows the restore of a log from a backup."""

import typer

from local_stack.backends import BackendSetup
from local_stack.directory_lock import DirectoryLock
from local_stack.private_files import private_directory
from service_kit.settings import Settings


def begin_epoch() -> None:
    """Begin a new epoch of the log, after Postgres was restored from a backup and before anything is started.

    Clients that hold tokens of what was lost learn of it, and read models that know of it are filled anew.
    """
    settings = Settings()
    directory = private_directory(settings.data_dir.resolve())
    lock = DirectoryLock(directory)
    try:
        begun = BackendSetup(settings, directory, typer.echo).begin_epoch()
    finally:
        lock.release()
    typer.echo(f"epoch {begun.epoch} begins after position {begun.last_common_position}")
    typer.echo(f"what epoch {begun.ended_epoch} had beyond that position is gone")
