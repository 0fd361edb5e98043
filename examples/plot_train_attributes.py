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
parser.add_argument("--preset", default="best", choices=["best", "paper"])
parser.add_argument("--cache-dir", help="folder that keeps the features")
args = parser.parse_args()

# %%
# The photos are only listed here: they are decoded when they are needed.
loader = CelebALoader(args.data or drawn_celeba(), "attributes", verbose=1)
train, valid, test = (loader.load_bunch(part) for part in ("train", "valid", "test"))
print(train.images, "for training,", test.images, "for testing")

# %%
# ``pipe.fit(train.images, train.target, X_val=..., y_val=...)`` does it in one step;
# here both steps are timed.
pipe = make_attribute_pipeline(
    args.preset,
    weights=args.weights,
    cache_dir=args.cache_dir,
    random_state=0,
    verbose=1,
)
start = perf_counter()
X_train, X_valid, X_test = (
    pipe["features"].fit_transform(part.images) for part in (train, valid, test)
)
extracted = perf_counter()
pipe["head"].fit(X_train, train.target, X_val=X_valid, y_val=valid.target)
fitted = perf_counter()

# %%
# Each attribute, sorted, with the majority baseline as a black line.
predictions = pipe["head"].predict(X_test)
AttributesDisplay.from_predictions(test.target, predictions, names=test.target_names)
plt.show()

# %%
# The training: the weights of the best epoch are kept.
HistoryDisplay.from_estimator(pipe)
plt.show()

# %%
# The photos with the most wrong answers, which a cross marks.
FacesDisplay.from_predictions(
    test.images,
    pipe["head"].predict_proba(X_test),
    test.target,
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
    y_score=pipe["head"].predict_proba(X_test),
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
    f"extraction {extracted - start:.0f} s, head fit {fitted - extracted:.0f} s ",
    end="",
)
print(f"({pipe['head'].n_epochs_} epochs)")
