"""Progress is one line a phase; on a terminal a bar moves below them."""

import io

from rich.console import Console

from command_line.importing.progress import progress_view


def _said(*, is_terminal: bool) -> str:
    said = io.StringIO()
    with progress_view(Console(file=said, force_terminal=is_terminal, width=100)) as progress:
        for phase in ("2010-12 stock", "2010-12 orders"):
            progress.begin(phase, 2)
            progress.advance()
            progress.advance()
            progress.end()
    return said.getvalue()


def test_a_pipe_gets_a_line_a_phase() -> None:
    assert [line.split(" in ")[0] for line in _said(is_terminal=False).splitlines()] == [
        "2010-12 stock: 2 commands",
        "2010-12 orders: 2 commands",
    ]


def test_a_terminal_gets_the_same_lines_and_a_bar() -> None:
    said = _said(is_terminal=True)
    assert "2010-12 stock: 2 commands" in said
    assert "\x1b[" in said
