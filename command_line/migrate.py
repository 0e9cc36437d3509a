"""`diptych migrate`: prepares a Postgres and a Redis of your own, without starting anything."""

import typer

from local_stack.backends import BackendSetup
from local_stack.private_files import private_directory
from service_kit.settings import Settings


def migrate() -> None:
    """Bring the schema up to date, make roles and users, load the Redis functions.

    Needs DIPTYCH_DATABASE_URL and DIPTYCH_REDIS_URL of an administrator; generated passwords are kept
    in the data directory.
    """
    settings = Settings()
    settings.required_database_url()
    settings.required_redis_url()
    BackendSetup(settings, private_directory(settings.data_dir.resolve()), typer.echo).prepare()
    typer.echo(f"ready; the passwords are in {settings.data_dir / 'secrets'}")
