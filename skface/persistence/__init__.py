"""Fitted pipelines as files that hold no code."""

from skface.persistence._estimators import load, save

__all__ = ["load", "save"]
