"""
Where is the face?
==================

Trains the box pipeline and prints the mean IoU on the test photos beside that of the
mean box of the training photos.

Without arguments it draws its own faces. On CelebA, and with ImageNet weights::

    python plot_train_bbox.py --data CELEBA --weights imagenet --preset best
"""

import argparse
from time import perf_counter

import matplotlib.pyplot as plt
from sklearn.dummy import DummyRegressor

from skface import CelebALoader, ErrorsDisplay, FacesDisplay, make_bbox_pipeline
from skface.datasets import drawn_celeba
from skface.metrics import iou_score

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--preset", default="best", help="best, fast or paper")
parser.add_argument("--cache-dir", help="folder that keeps the features")
args = parser.parse_args()

loader = CelebALoader(args.data or drawn_celeba(), "bbox", verbose=1)
train, valid, test = (loader.load_bunch(part) for part in ("train", "valid", "test"))
print(f"{len(train.images):,} photos for training, {len(test.images):,} for testing")

# %%
# "best" looks at the whole photo, then at a frame round what it has found; its heads
# see mirror images too.
pipe = make_bbox_pipeline(
    args.preset,
    weights=args.weights,
    cache_dir=args.cache_dir,
    random_state=0,
    verbose=1,
)
start = perf_counter()
pipe.fit(train.images, train.target, X_val=valid.images, y_val=valid.target)
fitted = perf_counter()
predictions = pipe.predict(test.images)
predicted = perf_counter()

# %%
# A box counts as found when its IoU with the true one is above one half.
mean_box = DummyRegressor().fit(train.target, train.target).predict(test.target)
print(f"\n{'':14}{'IoU':>8}{'IoU > 0.5':>12}")
for name, found in [("mean box", mean_box), (args.preset, predictions)]:
    scores = iou_score(test.target, found, average=False)
    print(f"{name:14}{scores.mean():8.3f}{(scores > 0.5).mean():12.1%}")
print(
    f"fit {fitted - start:.0f} s, prediction {predicted - fitted:.0f} s; "
    f"{pipe.n_passes} passes of VGG19 a photo"
)

# %%
# How many boxes overlap how much.
ErrorsDisplay.from_predictions(
    test.target, predictions, target="bbox", y_baseline=mean_box[0]
)
plt.show()

# %%
# The six worst boxes; the dashed line is the truth.
FacesDisplay.from_predictions(
    test.images,
    predictions,
    test.target,
    target="bbox",
    order="worst",
    n_faces=6,
    image_sizes=test.image_sizes,
)
plt.show()
