"""Makes the peers' own environments from pinned and hashed lists, once for each state of those lists."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.programs import ROOT

_HERE = Path(__file__).parent
_PLACE = ROOT / ".bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Where the peers' libraries are; None, and `remarks` say why, where they could not be installed."""

    python: Path | None
    node_modules: Path | None
    remarks: Sequence[str]

    def node_versions(self) -> list[str]:
        """Name and version of each peer that runs in Node."""
        listed = json.loads((_HERE / "package.json").read_text(encoding="utf-8"))
        return [f"{name} {version}" for name, version in listed["dependencies"].items()]

    def environment(self) -> dict[str, str]:
        """Where a peer's Python finds the generated messages and the statements."""
        return {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "generated")))}


def make_peers() -> Peers:
    """The environments, made if they are missing."""
    remarks: list[str] = []
    python = _made(_make_python, "peers in Python", remarks)
    node_modules = _made(_make_node, "Emmett and Message DB", remarks)
    return Peers(python=python, node_modules=node_modules, remarks=remarks)


def _made(make: Callable[[], Path], what: str, remarks: list[str]) -> Path | None:
    try:
        return make()
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        remarks.append(f"not measured: {what}, which could not be installed ({error})")
        return None


def _make_python() -> Path:
    directory = _PLACE / f"python-{_digest('requirements.txt')}"
    python = directory / "bin" / "python"
    if not (directory / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(directory)], check=True)
        _install_python(python)
        (directory / "complete").touch()
    return python


def _install_python(python: Path) -> None:
    wanted = ["--require-hashes", "-r", str(_HERE / "requirements.txt")]
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    subprocess.run(command, check=True)


def _make_node() -> Path:
    for name in ("npm", "node"):
        if shutil.which(name) is None:
            raise FileNotFoundError(f"{name} is not on the path")
    directory = _PLACE / f"node-{_digest('package-lock.json')}"
    if not (directory / "complete").exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / name, directory)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=directory, check=True)
        (directory / "complete").touch()
    return directory / "node_modules"


def _digest(name: str) -> str:
    return hashlib.sha256((_HERE / name).read_bytes()).hexdigest()[:12]
