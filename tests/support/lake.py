"""A real lake: Postgres as its catalog, and a server that speaks S3 on the loopback address."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator
from uuid import uuid4

import boto3
from moto.server import ThreadedMotoServer

from tests.support.postgres import Postgres

KEY, SECRET = "lake-key", "lake-canary-51ce"
BUCKET = "lake"


@contextlib.contextmanager
def running_s3() -> Iterator[str]:
    """The address of a server with an empty bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs every request
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    try:
        yield address
    finally:
        server.stop()


def new_lake(postgres: Postgres, s3: str) -> dict[str, str]:
    """The environment of an empty lake: all that a machine needs to join it."""
    return {
        "WAREHOUSE_CATALOG_URL": postgres.new_database(),
        "WAREHOUSE_STORAGE_URL": f"s3://{BUCKET}/{uuid4().hex}",
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
