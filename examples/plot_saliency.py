"""
Which part of the photo decides?
================================

An occlusion map: a patch slides over the photo, and where it covers what an attribute
is told by, the attribute's probability falls.

Without arguments it draws its own faces. On CelebA, and with ImageNet weights::

    python plot_saliency.py --data CELEBA --weights imagenet
"""

import argparse
import tempfile

import matplotlib.pyplot as plt

from skface import CelebALoader, SaliencyDisplay, make_attribute_pipeline
from skface.datasets import drawn_celeba

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--cache-dir", help="folder that keeps the features")
args = parser.parse_args()

loader = CelebALoader(args.data or drawn_celeba(), "attributes")
test = loader.load_bunch("test")
X_val, y_val = loader.load("valid")
pipe = make_attribute_pipeline(
    weights=args.weights,
    cache_dir=args.cache_dir or tempfile.mkdtemp(),
    random_state=0,
)
pipe.fit(*loader.load("train"), X_val=X_val, y_val=y_val)

# %%
# Of each attribute the test photo where the pipeline is surest of it. The mouth tells
# that a face smiles; the frame marks the patch where it counts most.
attributes = ["Smiling", "Eyeglasses", "Wearing_Hat", "Wearing_Necktie"]
probabilities = pipe.predict_proba(test.images)
figure, axes = plt.subplots(2, 2, figsize=(8, 8), layout="constrained")
for attribute, ax in zip(attributes, axes.ravel(), strict=True):
    surest = probabilities[:, test.target_names.index(attribute)].argmax()
    SaliencyDisplay.from_estimator(
        pipe,
        test.images[surest],
        attribute,
        names=test.target_names,
        image_sizes=test.image_sizes[surest],
        ax=ax,
    )
plt.show()

# %%
# A smaller patch and stride show more, and take longer. Where everything about a face
# tells an attribute, no patch hides it: the map stays pale.
smiling = probabilities[:, test.target_names.index("Smiling")].argmax()
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for attribute, ax in zip(["Smiling", "Male"], axes, strict=True):
    display = SaliencyDisplay.from_estimator(
        pipe,
        test.images[smiling],
        attribute,
        names=test.target_names,
        patch=28,
        stride=9,
        image_sizes=test.image_sizes[smiling],
        ax=ax,
    )
    print(f"{attribute}: falls by up to {display.drops.max():.0%}")
plt.show()
