"""Starts a process of the product with one guard cut out of it.

    SABOTAGED_GUARD=fence SABOTAGED_MODULE=projector python -m tests.faults.sabotage

By its environment and not by arguments, so that it is started as the process itself is.
"""

import importlib
import os
import runpy

from tests.faults.sabotage.cuts import cut_python, lua_cut
from tests.faults.sabotage.guards import GUARDS

if __name__ == "__main__":
    guard, module = GUARDS[os.environ["SABOTAGED_GUARD"]], os.environ["SABOTAGED_MODULE"]
    with lua_cut(guard.cuts if module != "write_service" else ()):
        importlib.import_module(f"{module}.app")
    cut_python(guard.cuts)
    runpy.run_module(module, run_name="__main__")
