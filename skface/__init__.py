"""Face boxes, landmarks and attributes with scikit-learn and a frozen VGG19.

Names are imported when they are first used: those that need Keras load it then.
"""

from importlib import import_module

from skface._version import __version__

_HOMES = {
    "CelebALoader": "datasets",
    "ImageArray": "datasets",
    "to_pixels": "datasets",
    "FeatureStore": "features",
    "VGG19Features": "features",
    "DenseHeadClassifier": "heads",
    "DenseHeadRegressor": "heads",
    "make_attribute_pipeline": "pipelines",
    "make_bbox_pipeline": "pipelines",
    "make_landmark_pipeline": "pipelines",
    "extract_once": "search",
    "make_cost_aware_scorer": "metrics",
    "search_report": "search",
    "load": "persistence",
    "save": "persistence",
    "AttributesDisplay": "displays",
    "ErrorsDisplay": "displays",
    "FacesDisplay": "displays",
    "HistoryDisplay": "displays",
    "SaliencyDisplay": "displays",
    "SearchDisplay": "displays",
    "card": "_card",
}
_MODULES = (
    "datasets",
    "displays",
    "exceptions",
    "features",
    "heads",
    "metrics",
    "persistence",
    "pipelines",
    "search",
)

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        value = getattr(import_module(f"skface.{_HOMES[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"skface.{name}")
    else:
        raise AttributeError(f"module 'skface' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return __all__
