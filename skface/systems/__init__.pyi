# What __init__.py imports lazily, system by system of the survey.
from ._controller import PolicyGradientSampler as PolicyGradientSampler
