# What __init__.py imports lazily, system by system of the survey.
from ._clusters import AttributeClusterer as AttributeClusterer
from ._clusters import identities_left as identities_left
from ._parts import ATTRIBUTE_PARTS as ATTRIBUTE_PARTS
