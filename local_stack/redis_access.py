"""Gives the processes their two users on Redis or Valkey, and the server the function library."""

from urllib.parse import quote, urlsplit, urlunsplit

import redis

from local_stack.errors import StackError
from local_stack.valkey import ValkeyUser
from read_store import LIBRARY, projector_rules, reader_rules

PROJECTOR = "diptych_projector"
READER = "diptych_reader"


def users(*, projector_password: str, reader_password: str) -> tuple[ValkeyUser, ...]:
    """Both users with their rules."""
    return (
        ValkeyUser(name=PROJECTOR, password=projector_password, rules=projector_rules()),
        ValkeyUser(name=READER, password=reader_password, rules=reader_rules()),
    )


def make_users(admin_url: str, wanted: tuple[ValkeyUser, ...]) -> bool:
    """Make the users on somebody else's server; False where it does not let us. Raises StackError."""
    with _client(admin_url) as client:
        try:
            for user in wanted:
                password = f">{user.password}"
                client.execute_command("ACL", "SETUSER", user.name, "reset", "on", password, *user.rules)
        except redis.ResponseError:
            return False
        except redis.RedisError as error:
            raise _unreachable(error) from error
    return True


def load_functions(admin_url: str) -> None:
    """Load the library of this version; one of another version may go on serving. Raises StackError."""
    with _client(admin_url) as client:
        try:
            client.function_load(LIBRARY.text)
        except redis.ResponseError as error:
            if "already exists" not in str(error):
                raise StackError(f"Redis refused the functions (7 or later is needed): {error}") from error
        except redis.RedisError as error:
            raise _unreachable(error) from error


def as_user(url: str, user: str, password: str) -> str:
    """The same address for another user."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))


def _client(url: str) -> redis.Redis:
    try:
        return redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=10)
    except ValueError as error:
        raise StackError("DIPTYCH_REDIS_URL is not a redis://, rediss:// or unix:// address") from error


def _unreachable(error: redis.RedisError) -> StackError:
    return StackError(f"Redis does not answer ({type(error).__name__}): check DIPTYCH_REDIS_URL")
