"""Attributes of imagined people, with CelebA's rates and main correlations."""

import functools
from typing import NamedTuple

import numpy as np

from skface.targets import ATTRIBUTE_NAMES

DRAWN_ATTRIBUTES = tuple(
    name for name in ATTRIBUTE_NAMES if name not in {"Attractive", "Young"}
)


class _Trait(NamedTuple):
    """One attribute: its rate, what it leans on, and what it needs or excludes.

    The attribute's latent is a standard normal number plus the weighted latents
    of its parents; the attribute holds where the latent is high.
    """

    rate: float
    parents: dict = {}
    needs: tuple = ()
    excludes: tuple = ()


_HAIR_COLOURS = ("Gray_Hair", "Black_Hair", "Blond_Hair", "Brown_Hair")

# Parents come before their children. Rates are CelebA's, but for the hair
# colours: they leave only 20 % of heads red, dyed or hidden instead of 37 %.
_IDENTITY_TRAITS = {
    "Male": _Trait(0.417),
    "Young": _Trait(0.774, {"Male": -0.4}),
    "Chubby": _Trait(0.058, {"Male": 0.3, "Young": -0.5}),
    "Double_Chin": _Trait(0.047, {"Chubby": 1.2, "Young": -0.4}),
    "Bald": _Trait(0.022, {"Chubby": 0.5}, needs=("Male",)),
    "Gray_Hair": _Trait(0.046, {"Young": -1.4}, excludes=("Bald",)),
    "Black_Hair": _Trait(0.27, excludes=("Bald", "Gray_Hair")),
    "Blond_Hair": _Trait(0.17, {"Male": -0.6}, excludes=("Bald", *_HAIR_COLOURS[:2])),
    "Brown_Hair": _Trait(0.24, excludes=("Bald", *_HAIR_COLOURS[:3])),
    "Receding_Hairline": _Trait(0.08, {"Male": 0.3, "Young": -0.5}, excludes=("Bald",)),
    "Big_Nose": _Trait(0.234, {"Male": 0.7, "Young": -0.3, "Chubby": 0.4}),
    "Pointy_Nose": _Trait(0.277, {"Male": -0.4}, excludes=("Big_Nose",)),
    "Big_Lips": _Trait(0.241, {"Male": -0.25}),
    "Narrow_Eyes": _Trait(0.115),
    "Bushy_Eyebrows": _Trait(0.142, {"Male": 0.5, "Black_Hair": 0.5, "Young": 0.2}),
    "Arched_Eyebrows": _Trait(0.267, {"Male": -1.0}),
    "Oval_Face": _Trait(0.284, {"Male": -0.2, "Chubby": -0.3}),
    "Pale_Skin": _Trait(0.043, {"Black_Hair": -0.2}),
}
_PHOTO_TRAITS = {
    "Smiling": _Trait(0.482, {"Male": -0.15, "Oval_Face": 0.3}),
    "High_Cheekbones": _Trait(0.455, {"Smiling": 1.8, "Male": -0.3}),
    "Mouth_Slightly_Open": _Trait(0.483, {"Smiling": 1.2}),
    "Wearing_Lipstick": _Trait(0.472, {"Young": 0.3}, excludes=("Male",)),
    "Heavy_Makeup": _Trait(
        0.387, {"Wearing_Lipstick": 1.2, "Arched_Eyebrows": 0.3}, excludes=("Male",)
    ),
    "Beard": _Trait(0.165, needs=("Male",)),
    "Goatee": _Trait(0.063, needs=("Beard",)),
    "Mustache": _Trait(0.042, {"Goatee": 0.6, "Big_Nose": 0.2}, needs=("Beard",)),
    "Sideburns": _Trait(0.056, {"Goatee": 0.8}, needs=("Beard",)),
    "5_o_Clock_Shadow": _Trait(
        0.111, {"Goatee": -1.0, "Mustache": -0.8, "Sideburns": -0.6}, needs=("Beard",)
    ),
    "Straight_Hair": _Trait(0.208, excludes=("Bald",)),
    "Wavy_Hair": _Trait(0.32, {"Male": -0.7}, excludes=("Bald", "Straight_Hair")),
    "Bangs": _Trait(0.152, {"Male": -0.3}, excludes=("Bald", "Receding_Hairline")),
    "Bags_Under_Eyes": _Trait(0.205, {"Male": 0.3, "Big_Nose": 0.5, "Young": -0.3}),
    "Rosy_Cheeks": _Trait(0.066, {"Heavy_Makeup": 0.7, "Smiling": 0.4}),
    "Wearing_Earrings": _Trait(0.189, {"Male": -1.2, "Heavy_Makeup": 0.3}),
    "Wearing_Necklace": _Trait(0.123, {"Male": -0.8, "Arched_Eyebrows": 0.2}),
    "Wearing_Necktie": _Trait(
        0.073, {"Male": 1.2, "Young": -0.5}, excludes=("Wearing_Necklace",)
    ),
    "Wearing_Hat": _Trait(0.048, {"Male": 0.2}, excludes=("Bald", "Receding_Hairline")),
    "Eyeglasses": _Trait(0.065, {"Male": 0.4, "Young": -0.4}),
    "Blurry": _Trait(0.051),
    "Attractive": _Trait(
        0.513,
        {
            "Male": -0.5,
            "Young": 0.7,
            "Heavy_Makeup": 0.5,
            "Chubby": -0.4,
            "Big_Nose": -0.2,
            "Oval_Face": 0.2,
            "Eyeglasses": -0.4,
            "Blurry": -0.3,
        },
    ),
}
_TRAITS = _IDENTITY_TRAITS | _PHOTO_TRAITS


def sample_attributes(rng, identities):
    """Imagine the attributes of photos, some of which show one identity.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    identities : array-like of int of shape (n_samples,)
        The identity of each photo, counted from 0.

    Returns
    -------
    attributes : ndarray of shape (n_samples, 40), dtype bool
        Columns in the order of ``ATTRIBUTE_NAMES``.
    """
    traits, _ = _realise(rng, np.asarray(identities), _thresholds())
    traits["No_Beard"] = ~traits["Beard"]
    shaven = ~(traits["Goatee"] | traits["Mustache"] | traits["Sideburns"])
    traits["5_o_Clock_Shadow"] |= traits["Beard"] & shaven
    return np.stack([traits[name] for name in ATTRIBUTE_NAMES], axis=1)


@functools.cache
def _thresholds():
    """Latent values above which the traits of a large sample have their rates."""
    return _realise(np.random.default_rng(0), np.arange(40_000), None)[1]


def _realise(rng, identities, thresholds):
    n_samples = len(identities)
    n_identities = identities.max() + 1
    latents, traits, found = {}, {}, {}
    for name, trait in _TRAITS.items():
        if name in _IDENTITY_TRAITS:
            latent = rng.standard_normal(n_identities)[identities]
        else:
            latent = rng.standard_normal(n_samples)
        for parent, weight in trait.parents.items():
            latent = latent + weight * latents[parent]
        allowed = np.ones(n_samples, dtype=bool)
        for other in trait.needs:
            allowed &= traits[other]
        for other in trait.excludes:
            allowed &= ~traits[other]
        if thresholds is None:
            share = trait.rate * n_samples / allowed.sum()
            found[name] = np.quantile(latent[allowed], 1 - share)
        else:
            found[name] = thresholds[name]
        latents[name] = latent
        traits[name] = allowed & (latent > found[name])
    return traits, found
