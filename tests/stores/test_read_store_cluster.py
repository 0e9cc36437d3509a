"""All keys of a partition live in one slot, so each partition may stand on another node of a cluster."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.crc import key_slot

from local_stack.valkey import ValkeyServer, ValkeySettings
from read_store import (
    Connection,
    Count,
    Document,
    IndexEdge,
    Library,
    Page,
    ReadStoreError,
    TallyRow,
    TallyRows,
    TextPage,
    compose,
    read_sources,
)
from read_store.keys import partition_root
from tests.ports import free_ports
from tests.stores.partition import VIEW, Partition, a_partition
from tests.valkey_server import USERS, TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually


class ClusterNode(TestValkey):
    """A server in cluster mode, which refuses functions that reach beyond one slot."""

    def __init__(self, directory: Path) -> None:
        port, bus = free_ports(2)
        extra = ("cluster-enabled yes", f"cluster-port {bus}")
        self.server = ValkeyServer(directory, ValkeySettings(tcp_port=port, users=USERS, extra=extra))


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[ClusterNode]:
    """A cluster of one node that has all slots."""
    made = ClusterNode(tmp_path / "node")
    made.server.start()
    admin = Connection(made.admin_url)
    await admin.open()
    await admin.call("CLUSTER", "ADDSLOTSRANGE", 0, 16_383)
    await eventually(lambda: _serves(admin))
    await admin.close()
    yield made
    made.server.stop()


async def _serves(admin: Connection) -> bool:
    return b"cluster_state:ok" in bytes(await admin.call("CLUSTER", "INFO"))


async def _use_everything(partition: Partition) -> None:
    """Every function of the library, with every kind of key."""
    await partition.apply(
        documents={"a": b"A", "b": b"B"},
        entries={"size": {"a": 1, "b": 2}, "size/kind/x": {"a": 1}},
        text_entries={"name": [("a", "ann", 0), ("b", "beth", 0)]},
        tallies={("sales", "2010", "units"): 1, ("sales", "2011", "units"): 1},
    )
    await partition.apply(
        exits={"size": ["b"]}, text_exits={"name": [("b", "beth")]}, tallies={("sales", "2011", "units"): -1}
    )
    writer = partition.writer
    await writer.set_paused(True)
    await writer.heartbeat(partition.token, await writer.checkpoint(), 9)
    await writer.renew_lease(partition.token, 30)
    await writer.documents(partition.generation, [(VIEW, ["a", "b"])])
    operations = (
        Document(view=VIEW, id="a", joins=("sales",)),
        Page(view=VIEW, indexes=("size", "size/kind/x"), limit=9, joins=("sales",)),
        TextPage(view=VIEW, index="name", query="ann", limit=9),
        TallyRow(tally="sales", row="2010"),
        TallyRows(tally="sales"),
        IndexEdge(view=VIEW, index="size", last=True),
        Count(index="size"),
    )
    results = (await partition.reader.read(partition.name, operations)).results
    assert results[-1] == 1
    assert await partition.reader.reached(
        partition.name, partition.epoch, 2, timeout_seconds=DEADLINE_SECONDS
    )


async def _keys(url: str, name: str) -> set[str]:
    admin = Connection(url)
    await admin.open()
    keys = {key.decode() for key in await admin.call("KEYS", "*")}
    await admin.close()
    return {key for key in keys if name in key}


async def test_a_cluster_node_takes_all_reads_and_writes(node: ClusterNode) -> None:
    async with a_partition(node) as partition:
        await _use_everything(partition)
        keys = await _keys(node.admin_url, partition.name)
        root = partition_root(partition.name)
        assert len(keys) >= 15
        assert all(key.startswith(root) for key in keys)
        assert {key_slot(key.encode()) for key in keys} == {key_slot(root.encode())}
        await partition.writer.new_generation(partition.token, 2, partition.epoch)
        assert await partition.writer.generations.remove(partition.generation) > 5
        await partition.writer.release_lease(partition.token)


def _with_a_stray_key() -> Library:
    sources = read_sources()
    assert "data .. 'd:' .. name" in sources
    return compose(sources.replace("data .. 'd:' .. name", "'diptych:{elsewhere:0}:d:' .. name"))


async def test_a_key_of_another_slot_is_refused(node: ClusterNode) -> None:
    """The sabotaged twin of the test above: what the cluster would refuse is seen."""
    async with a_partition(node, library=_with_a_stray_key()) as partition:
        with pytest.raises(ReadStoreError, match="slot"):
            await _use_everything(partition)


@pytest.mark.parametrize("partition", [0, 1, 31])
def test_partitions_have_slots_of_their_own(partition: int) -> None:
    others = {key_slot(partition_root("orders", other).encode()) for other in range(32) if other != partition}
    assert key_slot(partition_root("orders", partition).encode()) not in others


@pytest.mark.parametrize("name", ["a}", "{a", "a:b", "", "A", "a" * 65, "a\n"])
def test_a_name_that_could_end_the_tag_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must match"):
        partition_root(name)
