"""The experiments of systems.py, a module each with ``run(args) -> DataFrame``."""
