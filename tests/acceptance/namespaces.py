"""A network of two: this machine, and a namespace that is tied to it by a cable that can be cut.

It needs root and `ip` (Debian's iproute2). Where that is missing the test is skipped; in CI it fails instead.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass(frozen=True)
class Cable:
    """The way between this machine (`here`) and the namespace; `inside` is what a command in there begins with."""

    here: str
    inside: tuple[str, ...]
    device: str

    def cut(self) -> None:
        """Whatever is sent from now on, in either direction, is lost; connections are told nothing."""
        _ip("link", "set", self.device, "down")

    def mend(self) -> None:
        """End a `cut`."""
        _ip("link", "set", self.device, "up")


@contextmanager
def cable_to_a_namespace() -> Iterator[Cable]:
    """Laid while the block runs."""
    _possible()
    number = os.getpid() % 250 + 1
    name, device, far = f"folkmoot-{number}", f"fm{number}a", f"fm{number}b"
    here, there = f"10.213.{number}.1", f"10.213.{number}.2"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", device, "type", "veth", "peer", "name", far, "netns", name)
        _ip("addr", "add", f"{here}/30", "dev", device)
        _ip("link", "set", device, "up")
        _ip("-n", name, "addr", "add", f"{there}/30", "dev", far)
        _ip("-n", name, "link", "set", far, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield Cable(here=here, inside=("ip", "netns", "exec", name), device=device)
    finally:
        subprocess.run(["ip", "link", "del", device], check=False, capture_output=True)
        _ip("netns", "del", name)


def _possible() -> None:
    if os.geteuid() == 0 and shutil.which("ip"):
        return
    said = "network namespaces need root and iproute2"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)
