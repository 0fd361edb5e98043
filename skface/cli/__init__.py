"""The command ``skface``; each subcommand is a module that is imported when it runs."""

from skface.cli._main import main

__all__ = ["main"]
