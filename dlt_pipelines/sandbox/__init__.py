"""Every vendor's wire contract on loopback, with an invented company that lives in them.

`python -m dlt_pipelines.sandbox` runs it; `running_sandbox()` runs it for a test. One module per vendor holds the wire contract,
`company/` the company's life, `store.py` the versions of every record, `world.py` what vendors share, `server.py` the server.
Nothing here is imported by the sources: they only ever meet the sandbox over HTTP.
"""

from dlt_pipelines.sandbox.client import SANDBOX_CREDENTIALS, Sandbox, SandboxError, running_sandbox

__all__ = ["SANDBOX_CREDENTIALS", "Sandbox", "SandboxError", "running_sandbox"]
