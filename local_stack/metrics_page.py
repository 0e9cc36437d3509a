"""Gathers the metrics of the three processes into one page over HTTP."""

import shutil
from pathlib import Path

from prometheus_client import CollectorRegistry, multiprocess, start_http_server
from prometheus_client.samples import Sample

from local_stack.addresses import split
from local_stack.private_files import private_directory


class MetricsPage:
    """Reads the files that the processes write; serves them unless the address is empty."""

    def __init__(self, directory: Path, address: str) -> None:
        # Figures of an earlier run would be added to the ones of this run.
        shutil.rmtree(directory, ignore_errors=True)
        self.directory = private_directory(directory)
        self._registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(self._registry, path=str(directory))  # type: ignore[no-untyped-call]  # untyped
        self._address = address

    def serve(self) -> None:
        """Serve in a thread of its own, for as long as the process lives."""
        if self._address:
            host, port = split("DIPTYCH_METRICS_ADDRESS", self._address)
            start_http_server(port, addr=host, registry=self._registry)

    def forget(self, pid: int) -> None:
        """Drop what was true of a process only while it lived."""
        multiprocess.mark_process_dead(pid, path=str(self.directory))  # type: ignore[no-untyped-call]  # untyped

    def commands(self) -> int:
        """How many commands this run accepted; a batch counts as one call where nothing finer is counted."""
        accepted, calls = 0.0, 0.0
        for metric in self._registry.collect():
            for sample in metric.samples:
                if sample.name == "commands_accepted_total":
                    accepted += sample.value
                elif _is_command(sample):
                    calls += sample.value
        return int(accepted or calls)


def _is_command(sample: Sample) -> bool:
    labels = sample.labels
    return (
        sample.name == "rpc_server_calls_total"
        and "CommandService/" in labels.get("method", "")
        and labels.get("code") == "OK"
    )
