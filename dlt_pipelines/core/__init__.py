"""The contract of a source, and the load of one."""
