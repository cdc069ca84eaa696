"""What a command costs: wall time, CPU seconds and peak memory of it and of everything that it starts.

`python -m benchmarks.measure COMMAND ...` runs the command and prints these as JSON. It adopts processes
whose parent has ended (a forkserver's, say), so that their CPU seconds count too.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

_ADOPT = 36
"""Linux: PR_SET_CHILD_SUBREAPER."""


_SIDE_BY_SIDE = """
import json, os, subprocess, sys
running = [subprocess.Popen(command, env=os.environ | own) for command, own in json.loads(sys.argv[1])]
sys.exit(max([process.wait() for process in running]))
"""


@dataclass(frozen=True)
class Cost:
    """What a command cost. `cpu`: user and system seconds; `peak_mb`: of its largest process."""

    seconds: float
    cpu: float
    peak_mb: float


def cost(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command in a process of its own.

    Raises:
        RuntimeError: it failed; the text is the end of what it said.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", *command],
        env=env | dict(environment),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def cost_at_once(commands: Sequence[Sequence[str]], environments: Sequence[Mapping[str, str]]) -> Cost:
    """Run commands side by side, each with its own environment.

    Raises:
        RuntimeError: one of them failed.
    """
    told = json.dumps([[[*command], {**own}] for command, own in zip(commands, environments, strict=True)])
    return cost((sys.executable, "-c", _SIDE_BY_SIDE, told), {})


def main() -> None:
    """Measure the command on the command line."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0)
    began = time.perf_counter()
    code = subprocess.call(sys.argv[1:], stdout=sys.stderr)
    seconds = time.perf_counter() - began
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps(asdict(Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))))
    sys.exit(code)


if __name__ == "__main__":
    main()
