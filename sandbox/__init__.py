"""Every vendor's wire contract on loopback, with the invented companies that live in them.

`python -m sandbox` runs it; `running_sandbox()` runs it for a test. `vendors/` holds one wire contract per
vendor, `companies/` the invented companies, `engine/` what vendors share. Sources meet the sandbox over HTTP
only; an installation without the demo doesn't need it.
"""

from sandbox.client import Sandbox, SandboxError, running_sandbox
from sandbox.registry import SANDBOX_CREDENTIALS

__all__ = ["SANDBOX_CREDENTIALS", "Sandbox", "SandboxError", "running_sandbox"]
