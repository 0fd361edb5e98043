"""A page about a model, for the people who will use it."""

from skface._card._making import Card, card

__all__ = ["Card", "card"]
