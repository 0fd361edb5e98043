# What __init__.py imports lazily, system by system of the survey.
from ._adaptation import CORAL as CORAL
from ._adaptation import mmd as mmd
from ._alignment import LandmarkFreeAlignment as LandmarkFreeAlignment
from ._clusters import AttributeClusterer as AttributeClusterer
from ._clusters import identities_left as identities_left
from ._comparison import compare_attributes as compare_attributes
from ._controller import PolicyGradientSampler as PolicyGradientSampler
from ._parts import ATTRIBUTE_PARTS as ATTRIBUTE_PARTS
from ._specific import FACE_CROPS as FACE_CROPS
from ._specific import GeneralToSpecific as GeneralToSpecific
