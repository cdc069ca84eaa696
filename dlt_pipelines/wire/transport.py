"""Connections to a host: TLS, proxies and time-outs, with urllib3 itself.

urllib3 follows no redirect, reads no netrc and retries nothing on its own, so credentials go to the
configured host and nowhere else.
"""

from __future__ import annotations

import functools
import ssl
import urllib.parse
import urllib.request
from typing import Any

import certifi
import urllib3

from dlt_pipelines.wire.messages import Answer
from foundation import __version__

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
USER_AGENT = f"scoreline/{__version__}"


@functools.cache
def _tls() -> ssl.SSLContext:
    """Return the machine's certificate authorities and certifi's. Reading them takes a tenth of a second, so
    they are read once per process."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def open_pool(
    base_url: str, *, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS
) -> urllib3.PoolManager:
    """Return a pool of connections to `base_url`, through the proxy of the environment if there is one."""
    options: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=connect, read=read),
        "maxsize": 32,
        "ssl_context": _tls(),
        "retries": False,
    }
    parts = urllib.parse.urlsplit(base_url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy, **options)
    return urllib3.PoolManager(**options)


def post_once(url: str) -> Answer:
    """POST an empty body to a full address, once: for addresses that work a single time. No retry, no
    redirect.

    Raises:
        urllib3.exceptions.HTTPError: no answer arrived, or only part of one.
    """
    headers = {"Content-Length": "0", "User-Agent": USER_AGENT}
    response = open_pool(url).request("POST", url, body=b"", headers=headers, retries=False, redirect=False)
    return Answer(response.status, response.headers, response.data, urllib.parse.urlsplit(url).path)
