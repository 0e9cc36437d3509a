"""Makes the peers' own environments from pinned and hashed lists, once for each state of those lists."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.programs import ROOT

_HERE = Path(__file__).parent
_PLACE = ROOT / ".bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Where the peers' interpreters are; `node` is None where npm is missing."""

    python: Path
    node_modules: Path | None

    def node_versions(self) -> list[str]:
        """Name and version of each peer that runs in Node."""
        listed = json.loads((_HERE / "package.json").read_text(encoding="utf-8"))
        return [f"{name} {version}" for name, version in listed["dependencies"].items()]

    def environment(self) -> dict[str, str]:
        """Where a peer's Python finds the generated messages and the statements."""
        return {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "generated")))}


def make_peers() -> Peers:
    """The environments, made if they are missing. Raises CalledProcessError."""
    return Peers(python=_make_python(), node_modules=_make_node())


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


def _make_node() -> Path | None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    directory = _PLACE / f"node-{_digest('package-lock.json')}"
    if not (directory / "complete").exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / name, directory)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=directory, check=True)
        (directory / "complete").touch()
    return directory / "node_modules"


def _digest(name: str) -> str:
    return hashlib.sha256((_HERE / name).read_bytes()).hexdigest()[:12]
