"""How read models are kept: keys, the apply function, readers. Redis lives here and nowhere else."""

from read_store.acl import projector_rules, reader_rules
from read_store.answering import HeadAnswers
from read_store.attendance import Attendance
from read_store.batch import MAX_SCORE, Batch
from read_store.checkpoint import Checkpoint, microseconds_of
from read_store.connection import Connection
from read_store.errors import (
    CheckpointMoved,
    Fenced,
    GenerationBehind,
    GenerationRefused,
    ReadModelDamaged,
    ReadStoreError,
    ReadStoreUnavailable,
    TallyRefused,
)
from read_store.generations import FillingState, Generations, KeptGenerations
from read_store.inspection import GramSize, GramSizes, KeySize, KeySizes, Terms
from read_store.keys import changed_index, partition_names, partition_of
from read_store.library import LIBRARY, Library, compose, load_library, read_sources
from read_store.merged_checkpoint import parts_of
from read_store.operations import (
    Count,
    Document,
    EpochEnd,
    Framed,
    IndexEdge,
    Operation,
    Page,
    Probe,
    Run,
    TallyRow,
    TallyRows,
    TextPage,
)
from read_store.partitions import PartitionedReads, Places
from read_store.reader import ReadStore
from read_store.rows import Found, FramedRun, Frames, PageRows, Row, TextPageRows
from read_store.snapshot import Snapshot
from read_store.standing import StandingOf
from read_store.stored import StoredDocument
from read_store.text import fold_text
from read_store.waiting import Applied
from read_store.writer import ReadModelWriter

__all__ = [
    "LIBRARY",
    "MAX_SCORE",
    "Applied",
    "Attendance",
    "Batch",
    "Checkpoint",
    "CheckpointMoved",
    "Connection",
    "Count",
    "Document",
    "EpochEnd",
    "Fenced",
    "FillingState",
    "Found",
    "Framed",
    "FramedRun",
    "Frames",
    "GenerationBehind",
    "GenerationRefused",
    "Generations",
    "GramSize",
    "GramSizes",
    "HeadAnswers",
    "IndexEdge",
    "KeptGenerations",
    "KeySize",
    "KeySizes",
    "Library",
    "Operation",
    "Page",
    "PageRows",
    "PartitionedReads",
    "Places",
    "Probe",
    "ReadModelDamaged",
    "ReadModelWriter",
    "ReadStore",
    "ReadStoreError",
    "ReadStoreUnavailable",
    "Row",
    "Run",
    "Snapshot",
    "StandingOf",
    "StoredDocument",
    "TallyRefused",
    "TallyRow",
    "TallyRows",
    "Terms",
    "TextPage",
    "TextPageRows",
    "changed_index",
    "compose",
    "fold_text",
    "load_library",
    "microseconds_of",
    "partition_names",
    "partition_of",
    "parts_of",
    "projector_rules",
    "read_sources",
    "reader_rules",
]
