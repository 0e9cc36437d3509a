"""How much is tried: DIPTYCH_PROPERTIES=nightly tries more, and what was never tried before.

Left out, the same is tried each time, so that a red test is red again.
"""

import os
import random

IS_NIGHTLY = os.environ.get("DIPTYCH_PROPERTIES") == "nightly"
# A nightly run begins elsewhere each time; its tests are named after their seeds.
FIRST_SEED = random.SystemRandom().randrange(2**32) if IS_NIGHTLY else 0


def seeds(few: int) -> range:
    """So many seeds, or in a nightly run a hundred times as many."""
    return range(FIRST_SEED, FIRST_SEED + few * (100 if IS_NIGHTLY else 1))
