"""
Where are the eyes, the nose and the mouth?
===========================================

Trains the landmark pipeline and prints its normalised mean error on the test photos
beside that of the mean shape of the training photos.

Without arguments it draws its own faces. On CelebA, and with ImageNet weights::

    python plot_train_landmarks.py --data CELEBA --weights imagenet --preset best
"""

import argparse
from time import perf_counter

import matplotlib.pyplot as plt
from sklearn.dummy import DummyRegressor

from skface import CelebALoader, ErrorsDisplay, FacesDisplay, make_landmark_pipeline
from skface.datasets import drawn_celeba
from skface.metrics import failure_rate, nme_score

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--preset", default="best", help="best, fast or paper")
parser.add_argument("--cache-dir", help="folder that keeps the features")
args = parser.parse_args()

loader = CelebALoader(args.data or drawn_celeba(), "landmarks", verbose=1)
train, valid, test = (loader.load_bunch(part) for part in ("train", "valid", "test"))
print(f"{len(train.images):,} photos for training, {len(test.images):,} for testing")

# %%
# "best" looks at the whole photo, then at a frame round what it has found; its heads
# see mirror images too.
pipe = make_landmark_pipeline(
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
# Coordinates are fractions of each photo's sides: the error counts pixels.
mean_shape = DummyRegressor().fit(train.target, train.target).predict(test.target)
print(f"\n{'':14}{'NME':>8}{'NME > 10%':>12}")
for name, found in [("mean shape", mean_shape), (args.preset, predictions)]:
    nme = nme_score(test.target, found, image_sizes=test.image_sizes)
    failures = failure_rate(test.target, found, image_sizes=test.image_sizes)
    print(f"{name:14}{nme:8.1%}{failures:12.1%}")
print(
    f"fit {fitted - start:.0f} s, prediction {predicted - fitted:.0f} s; "
    f"{pipe.n_passes} passes of VGG19 a photo"
)

# %%
# The share of photos with an error up to each threshold.
ErrorsDisplay.from_predictions(
    test.target,
    predictions,
    target="landmarks",
    image_sizes=test.image_sizes,
    y_baseline=mean_shape[0],
)
plt.show()

# %%
# The six worst photos; crosses are the truth.
FacesDisplay.from_predictions(
    test.images,
    predictions,
    test.target,
    target="landmarks",
    order="worst",
    n_faces=6,
    image_sizes=test.image_sizes,
)
plt.show()
