"""
A page about a model
====================

``skface.card`` writes down what a model was trained on, how good it is and for whom,
and what it is not for: as Markdown, and as one HTML page that needs no other file.

Without arguments it draws its own faces. On CelebA, and with ImageNet weights::

    python plot_card.py --data CELEBA --weights imagenet --output smile
"""

import argparse

from skface import CelebALoader, card, make_attribute_pipeline
from skface.datasets import drawn_celeba

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--cache-dir", help="folder that keeps the features")
parser.add_argument("--output", help="write OUTPUT.md, OUTPUT.html and the pictures")
args = parser.parse_args()

loader = CelebALoader(args.data or drawn_celeba(), "attributes")
train, valid, test = (loader.load_bunch(part) for part in ("train", "valid", "test"))
pipe = make_attribute_pipeline(
    weights=args.weights, cache_dir=args.cache_dir, random_state=0
)
pipe.fit(train.images, train.target, X_val=valid.images, y_val=valid.target)

# %%
# The figures stand beside what a guess scores that knows the training labels and no
# photo, and once more for each group of photos. Without groups the card says that
# nobody looked whom the model fails.
names = test.target_names
groups = {name: test.target[:, names.index(name)] for name in ("Male", "Eyeglasses")}
card(
    pipe,
    test.images,
    test.target,
    path=args.output,
    target_names=names,
    groups=groups,
    y_train=train.target,
    trained_on=f"{len(train.images):,} photos of {args.data or 'drawn faces'}.",
)
