"""Every vendor's wire contract on loopback, with the invented companies that live in them.

`python -m dlt_pipelines.sandbox` runs it; `running_sandbox()` runs it for a test. One module per vendor holds the wire contract,
`company/` the companies' lives, `store.py` the versions of every record, `world.py` what vendors share, `server.py` the server.
Nothing here is imported by the sources: they only ever meet the sandbox over HTTP.
"""

from dlt_pipelines.sandbox.client import Sandbox, SandboxError, running_sandbox
from dlt_pipelines.sandbox.vendors import SANDBOX_CREDENTIALS

__all__ = ["SANDBOX_CREDENTIALS", "Sandbox", "SandboxError", "running_sandbox"]
