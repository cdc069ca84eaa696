"""`python -m sandbox`: run the sandbox until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from datetime import datetime
from pathlib import Path


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant needs a time zone, for example 2025-10-27T12:00:00Z")
    return instant


def main() -> None:
    """Read the command line, invent a company, print the address, serve."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Every vendor on loopback, with an invented company in it."
    )
    parser.add_argument("--port", type=int, default=8808, help="0: any free one (default 8808)")
    parser.add_argument(
        "--as-of",
        type=_instant,
        default=os.environ.get("SCORELINE_AS_OF") or None,
        help="where the clock starts (default: SCORELINE_AS_OF, else real time)",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--company",
        choices=("cedar", "sales"),
        default="cedar",
        help="cedar: in every system; sales: 44,602 contacts in HubSpot alone",
    )
    parser.add_argument("--no-limits", action="store_true", help="serve without the vendors' request limits")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input ends")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the company's own warehouse is written (default: a temporary folder)",
    )
    options = parser.parse_args()

    # after the command line is read: a wrong option is told without waiting for these imports
    from sandbox.companies import COMPANIES
    from sandbox.engine.world import Limits
    from sandbox.server import bind, make_world, serve
    from sandbox.vendors.mongodb import MongoServer

    try:
        place = bind(options.port)
    except OSError as error:
        parser.error(
            f"port {options.port} cannot be used ({error.strerror}); choose another with --port, or --port 0"
            " for any free one"
        )
    # clients keep the limit that answers announce, so without limits the announced one must be out of reach
    limits = Limits(enforced=False, hubspot_burst=1_000_000) if options.no_limits else Limits()
    world = make_world(options.as_of, options.seed, options.company, limits)
    with contextlib.ExitStack() as stack:
        if databases := COMPANIES[options.company].databases:
            folder = options.folder or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="scoreline-sandbox-"))
            )
            own, warehouse = databases(options.seed), folder / "company_warehouse.sqlite"
            own.write_warehouse(warehouse)
            mongo = MongoServer(world.clock, own.collections())
            mongo.start()
            world.databases = {"WAREHOUSE_SOURCE_URL": f"sqlite:///{warehouse}", "MONGODB_URL": mongo.url}
        serve(world, place, until_stdin_ends=options.with_parent)


if __name__ == "__main__":
    main()
