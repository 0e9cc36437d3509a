"""What the two users of the read store may do: the projector writes, a reader can't."""

from read_store.keys import ASK_PATTERN, KEY_PATTERN

_INTRODUCTION = ("+ping", "+hello", "+auth", "+select", "+client|setinfo", "+client|setname")

# A function runs with the rights of its caller, so the commands inside functions stand here too.
_READ_COMMANDS = (
    "+time",
    "+get",
    "+exists",
    "+hget",
    "+hmget",
    "+hgetall",
    "+hlen",
    "+zcard",
    "+zcount",
    "+zmscore",
    "+zrange",
    "+zscore",
    "+zrangebylex",
    "+zrevrangebylex",
    "+publish",
    "+fcall_ro",
    "+multi",
    "+exec",
)
_SUBSCRIPTION_COMMANDS = ("+subscribe", "+unsubscribe")
_WRITE_COMMANDS = (
    "+fcall",
    "+set",
    "+incr",
    "+del",
    "+unlink",
    "+hset",
    "+hdel",
    "+hincrby",
    "+zadd",
    "+zrem",
    "+scan",
    "+hscan",
    "+info",
    "+function|load",
)


def projector_rules() -> tuple[str, ...]:
    """The projector's rules for ACL SETUSER: it writes the product's keys, and loads the library."""
    return (
        *("resetchannels", f"~{KEY_PATTERN}", f"&{KEY_PATTERN}", "-@all"),
        *(*_INTRODUCTION, *_READ_COMMANDS, *_SUBSCRIPTION_COMMANDS, *_WRITE_COMMANDS),
    )


def reader_rules() -> tuple[str, ...]:
    """A reader's rules for ACL SETUSER: it reads the product's keys, and may ask for the log's end.

    A channel pattern allows publishing and subscribing alike, hence a selector of its own for subscribing.
    """
    subscriptions = " ".join((*_SUBSCRIPTION_COMMANDS, f"&{KEY_PATTERN}"))
    return (
        *("resetchannels", f"%R~{KEY_PATTERN}", f"&{ASK_PATTERN}", "-@all"),
        *(*_INTRODUCTION, *_READ_COMMANDS, f"({subscriptions})"),
    )
