"""Tells the log of every event type of the domains, with the protos that explain it in years to come."""

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from event_store import EventLog, EventStore
from write_service.decider import Decider


class EventTypes:
    """Registers the types once the log answers, which is also when this process is ready."""

    def __init__(self, store: EventStore, log: EventLog, deciders: Sequence[Decider[Any]]) -> None:
        self._store = store
        self._log = log
        self._files = _names_by_file(deciders)
        self._is_registered = False

    async def is_ready(self) -> bool:
        """Whether the log answers and knows the types; raises StoreUnavailable."""
        if not self._is_registered:
            for file, names in self._files.items():
                await self._store.register_event_types(names, descriptor_set(file))
            self._is_registered = True
        await self._log.head()
        return True


def _names_by_file(deciders: Iterable[Decider[Any]]) -> dict[FileDescriptor, list[str]]:
    names: dict[FileDescriptor, list[str]] = {}
    for decider in deciders:
        for event in decider.events:
            file: Any = event.DESCRIPTOR.file
            names.setdefault(file, []).append(event.DESCRIPTOR.full_name)
    return names


def descriptor_set(file: FileDescriptor) -> bytes:
    """The file and all that it imports, imports first, serialised the same way each time."""
    files: dict[str, FileDescriptor] = {}

    def add(each: FileDescriptor) -> None:
        if each.name in files:
            return
        for dependency in each.dependencies:
            add(dependency)
        files[each.name] = each

    add(file)
    descriptors = FileDescriptorSet()
    for each in files.values():
        each.CopyToProto(descriptors.file.add())
    return descriptors.SerializeToString(deterministic=True)
