"""`scoreline`: every command that a person or the Makefile runs. The other packages do the work.

A command is a function in a module of this package and an entry in `COMMANDS`. Its module is imported when
the command runs, and `--help` imports none, so a module may import what it needs at its top.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any

import click

from foundation import __version__
from foundation.errors import unknown
from foundation.garbage import collect_less

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Try it": {
        "demo": ("demo", "Run everything end to end against the sandbox."),
        "ui": ("ui", "Start the Dagster UI and the daemon that runs the schedules."),
        "portal": (
            "portal",
            "Start the portal: pages for those who may read them, numbers to type in, goals, the API.",
        ),
        "mcp": ("mcp", "Answer an assistant over the Model Context Protocol, on standard input and output."),
        "sandbox": ("tools", "Serve the sandbox on the loopback address."),
    },
    "Set it up": {
        "check": ("check", "Check company.toml, seeds, pages and metrics."),
        "doctor": ("doctor", "List what is missing per source, and how to fix it."),
        "token": ("portal", "Create, list and revoke the tokens of programs that use the API."),
        "new": ("new", "Lay out the folder of a company that shares this instance."),
        "claim": ("claim", "Claim a SimpleFIN access URL and write it to .env."),
    },
    "Run it": {
        "run": ("run", "Run the job refresh or build now, as its schedule would."),
        "send": ("run", "Mail a weekly scorecard, a daily digest or a preview."),
        "backfill": ("backfill", "Pull a window of the past again, from one or several sources."),
    },
    "Keep it": {
        "backup": ("backups", "Back up the warehouse and the store."),
        "restore": ("backups", "Restore the warehouse from a backup."),
        "store": ("store", "Move the store to Postgres."),
        "warehouse": ("warehouse", "Move the warehouse into a lake, or back."),
        "new-ledger": ("backups", "Replace a lost or damaged store, with the ledger of deliveries in it."),
    },
    "Change it": {
        "goals": ("store", "Export the goals of goals.csv and of the portal."),
        "metric-diff": ("tools", "List the numbers that a change of the project moves."),
        "gallery": ("tools", "Build a page that shows every component of the pages."),
        "dbt": ("tools", "Run dbt on the warehouse while holding the write lock."),
    },
}
"""Heading -> command -> its module in this package, and the first sentence of its help. The function has the
command's name, with `_` for `-`."""


_VERBOSE = click.Option(
    ["-v", "--verbose"],
    is_flag=True,
    expose_value=False,
    help="Show every line of the work, and the traceback of an error.",
    callback=lambda ctx, _, value: ctx.meta.update({"verbose": value or ctx.meta.get("verbose", False)}),
)


class Scoreline(click.Group):
    """The group of all commands. Imports a command when it is called, and turns every error into one
    sentence."""

    def list_commands(self, ctx: click.Context | None = None) -> list[str]:
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        for section in COMMANDS.values():
            if entry := section.get(cmd_name):
                module = import_module(f"{__name__}.{entry[0]}")
                command: click.Command = getattr(module, cmd_name.replace("-", "_"))
                # dbt and the sandbox read their own options
                if _VERBOSE not in command.params and command.context_settings == {}:
                    command.params.append(_VERBOSE)
                return command
        return None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.list_commands():
            raise click.UsageError(unknown("command", args[0], self.list_commands()), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.list_commands()))
        for heading, section in COMMANDS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:{width}}", text) for name, (_, text) in section.items()])

    def invoke(self, ctx: click.Context) -> Any:
        _open_streams()
        stops: list[int] = []

        def stop(number: int, _: Any) -> None:
            stops.append(number)
            raise KeyboardInterrupt

        kept = {number: signal.signal(number, stop) for number in _STOPS} if _in_main_thread() else {}
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, SystemExit):
            if not stops:  # an error here is a consequence of the stop
                raise
        except KeyboardInterrupt:
            stops.append(signal.SIGINT)
        except BrokenPipeError:  # the reader of the output has gone: `scoreline doctor | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(128 + signal.SIGPIPE) from None
        except Exception as error:
            from orchestration.cli.errors import failure

            if not stops:
                raise failure(error, verbose=bool(ctx.meta.get("verbose"))) from None
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
            if stops:
                from orchestration.cli.children import end_children

                end_children()
                click.echo("Stopped.", err=True)
        raise click.exceptions.Exit(128 + stops[0])


_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _open_streams() -> None:
    """Open standard streams that the caller has closed (`<&-`) on the null device. Otherwise the next pipe
    gets their numbers, and a child such as the sandbox mistakes the end of its input for the end of its
    parent."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            empty = os.open(os.devnull, os.O_RDWR)
            if empty != number:
                os.dup2(empty, number)
                os.close(empty)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@click.group(cls=Scoreline, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scoreline")
def main() -> None:
    """Scoreline: a scorecard as code."""
    from foundation.private import private_files

    private_files()
    collect_less()


main.params.append(_VERBOSE)
