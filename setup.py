"""Refuses to build a wheel. Everything else about the package is in pyproject.toml.

Scoreline runs from a clone: pages, models, seeds and company.toml are files that its owner edits, and a wheel
would leave them out.
"""

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel


class NoWheel(bdist_wheel):
    def run(self) -> None:
        raise SystemExit("Scoreline has no wheel. Clone it and run `make demo`, or `pip install -e .`.")


setup(cmdclass={"bdist_wheel": NoWheel})
