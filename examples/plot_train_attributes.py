"""
Which attributes does a face have?
==================================

Trains the attribute pipeline and prints its accuracy on the test photos beside the
majority baseline: always giving each attribute's commoner answer.

Without arguments it draws its own faces. On CelebA, and with ImageNet weights::

    python plot_train_attributes.py --data CELEBA --weights imagenet --preset best
"""

import argparse
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np

from skface import (
    AttributesDisplay,
    CelebALoader,
    FacesDisplay,
    HistoryDisplay,
    make_attribute_pipeline,
)
from skface.datasets import drawn_celeba
from skface.metrics import attribute_report

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--preset", default="best", help="finest, best, fast or paper")
parser.add_argument("--cache-dir", help="folder that keeps the features")
args = parser.parse_args()

# %%
# The photos are only listed here: they are decoded when they are needed.
loader = CelebALoader(args.data or drawn_celeba(), "attributes", verbose=1)
train, valid, test = (loader.load_bunch(part) for part in ("train", "valid", "test"))
print(f"{len(train.images):,} photos for training, {len(test.images):,} for testing")

# %%
# The frozen network and the head in one go; the head sees mirror images too.
pipe = make_attribute_pipeline(
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
# Each attribute, sorted, with the majority baseline as a black line.
AttributesDisplay.from_predictions(test.target, predictions, names=test.target_names)
plt.show()

# %%
# The training: the weights of the best epoch are kept.
HistoryDisplay.from_estimator(pipe)
plt.show()

# %%
# The photos with the most wrong answers, which a cross marks.
probabilities = pipe.predict_proba(test.images)
FacesDisplay.from_predictions(
    test.images,
    probabilities,
    test.target,
    target="attributes",
    order="worst",
    n_faces=6,
    names=test.target_names,
    image_sizes=test.image_sizes,
)
plt.show()

# %%
# An attribute that few photos have is guessed well by saying no, so balanced accuracy,
# which is one half for any constant answer, stands beside accuracy.
report = attribute_report(
    test.target,
    predictions,
    y_score=probabilities,
    names=test.target_names,
)
majority = attribute_report(
    test.target,
    np.tile(train.target.mean(axis=0) > 0.5, (len(test.target), 1)).astype(int),
)
columns = ["accuracy", "balanced_accuracy", "average_precision"]
print(report[["prevalence", "majority", *columns]].round(3).to_string())
print(
    f"\nmajority baseline: accuracy {majority['accuracy'].mean():.1%}, balanced 50.0%"
)
print(f"preset {args.preset}: accuracy {report['accuracy'].mean():.1%}, ", end="")
print(f"balanced {report['balanced_accuracy'].mean():.1%}")
print(
    f"fit {fitted - start:.0f} s ({pipe['head'].n_epochs_} epochs), "
    f"prediction {predicted - fitted:.0f} s"
)
