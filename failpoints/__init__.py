"""Named places around every commit and apply, where a test lets this process die, stall or lose a line.

Off unless DIPTYCH_FAILPOINTS arms some: `append.under_way=kill:0.002@7;apply.answered=stop` kills the
process 2 ms after its seventh append was sent and stops it after its first batch was applied; `@7+` means
each seventh time, for a process that goes on. A place asks
`failpoints.is_armed` first, so that it costs the look at one name while nothing is armed.
"""

from failpoints.plan import POINTS, Action, Failpoint, FailpointsMistaken, parse
from failpoints.reaching import REACHED, is_armed, reach, soon

__all__ = [
    "POINTS",
    "REACHED",
    "Action",
    "Failpoint",
    "FailpointsMistaken",
    "is_armed",
    "parse",
    "reach",
    "soon",
]
