"""What the write service counts beside its calls."""

from functools import cache

from prometheus_client import Counter


@cache
def accepted_commands() -> Counter:
    """commands_accepted_total: commands whose events are in the log, those of batches too; no repeats."""
    return Counter("commands_accepted", "Commands accepted by this process, repeats not counted.")
