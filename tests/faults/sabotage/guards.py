"""The guards of the product, and how each is cut out of it: the product itself has no switch for any."""

from dataclasses import dataclass

from tests.faults.sabotage.cuts import Cut, Language

READING = ("projector", "read_service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A guard, in words what is done to it, and which processes run without it; what is cut out of the log's
    functions is so for all of them."""

    name: str
    sabotage: str
    processes: tuple[str, ...] = ()
    cuts: tuple[Cut, ...]


def _cut(language: Language, place: str, before: str, after: str) -> Cut:
    return Cut(language=language, place=place, before=before, after=after)


_COUNTER = """CREATE SEQUENCE event_log.counter;
GRANT USAGE ON SEQUENCE event_log.counter TO diptych_owner;
"""
_APPEND = "CREATE OR REPLACE FUNCTION event_log.append("

HEAD_ROW = Guard(
    name="head-row order",
    sabotage="positions come from a sequence, as with bigserial, and the head row is not held until commit",
    cuts=(
        _cut("sql", "append", _APPEND, f"{_COUNTER}{_APPEND}"),
        _cut("sql", "append", "FROM event_log.log_head AS h FOR UPDATE;", "FROM event_log.log_head AS h;"),
        _cut(
            "sql",
            "append",
            "log_position := log_position + 1;",
            "log_position := nextval('event_log.counter');",
        ),
    ),
)
IDEMPOTENCY_ROW = Guard(
    name="idempotency row",
    sabotage="accepted commands are not stored",
    cuts=(_cut("sql", "append", "WHERE c.position > 0", "WHERE false"),),
)
FINGERPRINT = Guard(
    name="fingerprint",
    sabotage="a command id that was used is taken for the same command, whatever its content",
    processes=("write_service",),
    cuts=(
        _cut(
            "python",
            "write_service.command_handler:CommandHandler._replay",
            "if stored.fingerprint != execution.fingerprint:",
            "if False:",
        ),
    ),
)
COMPARE_AND_SET = Guard(
    name="compare-and-set",
    sabotage="a batch is written whatever the stored checkpoint is",
    processes=READING,
    cuts=(
        _cut("lua", "refuse_write", "if stored[1] ~= epoch or stored[2] ~= position then", "if false then"),
    ),
)
FENCE = Guard(
    name="fence",
    sabotage="a batch is written with the token of a lease that is over",
    processes=READING,
    cuts=(
        _cut(
            "lua",
            "outdated",
            "if fence and tonumber(token) < tonumber(fence) then",
            "if false then",
        ),
    ),
)
READ_STREAMS = Guard(
    name="version check of streams only read",
    sabotage="only the versions of streams that a command writes are compared",
    cuts=(
        _cut(
            "sql",
            "append",
            "IF current_versions[number] <> read_versions[r] THEN",
            "IF current_versions[number] <> read_versions[r]"
            " AND number = ANY (event_streams[last_event + 1 : event_ends[i]]) THEN",
        ),
    ),
)
TOKEN_WAIT = Guard(
    name="token wait",
    sabotage="every place of a read model is fresh enough",
    processes=("read_service",),
    cuts=(_cut("python", "read_service.freshness:_is_met", "if required is None:", "if True:"),),
)
CHECKPOINT_WITH_ROWS = Guard(
    name="checkpoint read with the rows",
    sabotage="the checkpoint is asked for once the rows are there",
    processes=("read_service",),
    cuts=(
        _cut(
            "python",
            "read_store.snapshot:take_snapshot",
            "checkpoint = checkpoint_of(reply)",
            "import failpoints\n"
            "    if operations: await failpoints.reach('query.read')\n"
            "    later = await connection.send('FCALL_RO', function, 1, root, '[]', '')\n"
            "    checkpoint = checkpoint_of(later)",
        ),
        _cut(
            "python",
            "read_store.reader:ReadStore.read",
            "is_small(operations)",
            "False",
        ),
    ),
)
EPOCH_AND_ANCHOR = Guard(
    name="epoch and anchor",
    sabotage="a projector goes on from its checkpoint on any log",
    processes=("projector",),
    cuts=(
        _cut(
            "python",
            "projector.generations:continues",
            "if checkpoint.epoch != page.epoch:",
            "if True:\n        return True\n    if checkpoint.epoch != page.epoch:",
        ),
    ),
)
GENERATION_SWITCH = Guard(
    name="generation switch",
    sabotage="a list goes on in whichever generation is live",
    processes=("read_service",),
    cuts=(
        _cut(
            "python",
            "read_service.freshness:_stands_on",
            "if (generations, place.epoch) != (floor.generations, floor.epoch):",
            "if False:",
        ),
    ),
)
SYNCHRONOUS_COMMIT = Guard(
    name="synchronous commit",
    sabotage="an append commits as the role's setting says, which somebody set to off",
    cuts=(_cut("sql", "append", "IF current_setting('synchronous_commit') = 'off' THEN", "IF false THEN"),),
)
CHECK_SUMS = Guard(
    name="check sums of documents",
    sabotage="a stored document is believed without a look at its sum",
    processes=READING,
    cuts=(
        _cut(
            "python",
            "read_store.check_sums:is_whole",
            "return zlib.crc32(sealed, zlib.crc32(id_)) == 0",
            "return True",
        ),
    ),
)

GUARDS = {
    guard.name: guard
    for guard in (
        HEAD_ROW,
        COMPARE_AND_SET,
        FENCE,
        IDEMPOTENCY_ROW,
        FINGERPRINT,
        READ_STREAMS,
        TOKEN_WAIT,
        CHECKPOINT_WITH_ROWS,
        EPOCH_AND_ANCHOR,
        GENERATION_SWITCH,
        SYNCHRONOUS_COMMIT,
        CHECK_SUMS,
    )
}
