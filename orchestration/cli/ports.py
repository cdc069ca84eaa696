"""Ports of the servers that commands start."""

from __future__ import annotations

import socket

import click

_TRIES = 20


def free_port(port: int, what: str, option: str, host: str = "127.0.0.1") -> int:
    """Return the port to serve on: `port`, or the next free one if it is taken and was not asked for by
    `option`.

    Raises:
        click.UsageError: the requested port is taken; names the process that holds it.
    """
    if port == 0 or _is_free(host, port):
        return port or _any(host)
    context = click.get_current_context(silent=True)
    name = option.lstrip("-").replace("-", "_")
    chosen = context and context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
    taken = f"Port {port} is in use{_holder(port)}."
    if chosen:
        raise click.UsageError(
            f"{taken} Choose another one for {what} with {option}, or {option} 0 for a free one."
        )
    found = next((one for one in range(port + 1, port + _TRIES) if _is_free(host, one)), 0) or _any(host)
    click.echo(f"{taken} Taking {found} for {what}.", err=True)
    return found


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise click.UsageError(f"Port {port} is for root only. Choose one above 1023.") from None
        except OSError:
            return False
    return True


def _any(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _holder(port: int) -> str:
    """Return ` by python (process 123)`; empty if the system does not say."""
    import psutil  # type: ignore[import-untyped]

    try:
        pids = [
            one.pid
            for one in psutil.net_connections(kind="tcp")
            if one.status == psutil.CONN_LISTEN and one.laddr.port == port and one.pid
        ]
        return f" by {psutil.Process(pids[0]).name()} (process {pids[0]})" if pids else ""
    except psutil.Error:
        return ""
