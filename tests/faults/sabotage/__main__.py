"""Starts a process of the product with one guard cut out of it.

    SABOTAGED_GUARD=fence SABOTAGED_MODULE=projector python -m tests.faults.sabotage

By its environment and not by arguments, so that it is started as the process itself is.
"""

import importlib
import os
import runpy

from tests.faults.sabotage.clock import CLOCK
from tests.faults.sabotage.cuts import cut_python, lua_cut
from tests.faults.sabotage.guards import GUARDS

_SHARED = ("event_store", "read_store", "service_kit")

if __name__ == "__main__":
    wanted, module = os.environ["SABOTAGED_GUARD"], os.environ["SABOTAGED_MODULE"]
    guard = CLOCK if wanted == CLOCK.name else GUARDS[wanted]
    with lua_cut(guard.cuts if module != "write_service" else ()):
        importlib.import_module(f"{module}.app")
    cut_python([cut for cut in guard.cuts if cut.place.partition(".")[0] in (module, *_SHARED)])
    runpy.run_module(module, run_name="__main__")
