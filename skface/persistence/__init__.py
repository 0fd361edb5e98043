"""Fitted pipelines as files that hold no code."""

from skface.persistence._saving import load, save

__all__ = ["load", "save"]
