"""Finds and opens the CSV files of a data set, plain or gzip'd."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO


class FileNotUnderstood(Exception):
    """The file is not one of the data set."""


def csv_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Stream the rows below the header with their line numbers, the header being line 1.

    Raises FileNotUnderstood when the columns are others, or the file is cut.
    """
    with _open(path) as text:
        reader = csv.reader(text)
        try:
            if next(reader, []) != list(columns):
                raise FileNotUnderstood(
                    f"{path.name}: the first line does not name the columns {', '.join(columns)}"
                )
            for values in reader:
                yield reader.line_num, values
        except (csv.Error, EOFError, OSError) as error:
            raise FileNotUnderstood(f"{path.name}, line {reader.line_num}: {error}") from error


def label_of(path: Path) -> str:
    """The file's name without what says how it is packed."""
    return path.name.removesuffix(".gz").removesuffix(".csv")


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", newline="", encoding="utf-8", errors="replace")
    return path.open(newline="", encoding="utf-8", errors="replace")
