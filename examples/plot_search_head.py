"""
How many layers, and how wide?
==============================

Chooses the attribute head's layer count and width with ``GridSearchCV`` on the official
train / valid split, and prints every candidate beside the majority baseline.

Without arguments it draws its own faces. On CelebA, and with ImageNet weights::

    python plot_search_head.py --data CELEBA --weights imagenet
"""

import argparse
import tempfile
from time import perf_counter

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV

from skface import CelebALoader, SearchDisplay, make_attribute_pipeline
from skface.datasets import drawn_celeba
from skface.metrics import attribute_accuracy

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--cache-dir", help="folder that keeps the features")
parser.add_argument("--n-layers", type=int, nargs="+", default=[0, 1, 3])
parser.add_argument("--n-units", type=int, nargs="+", default=[64, 256])
args = parser.parse_args()

loader = CelebALoader(args.data or drawn_celeba(), "attributes", verbose=1)
X, y = loader.load("train+valid")

# %%
# The store keeps the features, so that each photo goes through VGG19 once, not once a
# candidate.
pipe = make_attribute_pipeline(
    weights=args.weights,
    cache_dir=args.cache_dir or tempfile.mkdtemp(),
    random_state=0,
)
search = GridSearchCV(
    pipe,
    {"head__n_layers": args.n_layers, "head__n_units": args.n_units},
    cv=loader.predefined_split(),
    verbose=2,
)
start = perf_counter()
search.fit(X, y)

# %%
# Candidates by layer count (rows) and width (columns): mean accuracy on valid.
results = pd.DataFrame(search.cv_results_)
print(
    results.pivot(
        index="param_head__n_layers",
        columns="param_head__n_units",
        values="mean_test_score",
    ).round(4)
)
print(f"best: {search.best_params_}, {perf_counter() - start:.0f} s in all")

# %%
# The same as a picture.
SearchDisplay.from_estimator(search)
plt.show()

# %%
# What each candidate costs.
SearchDisplay.from_estimator(search, kind="time")
plt.show()

# %%
# The best candidate, fitted anew on train and valid, sees the test photos once.
X_test, y_test = loader.load("test")
majority = DummyClassifier(strategy="most_frequent").fit(y, y).predict(y_test)
print(f"test: {search.score(X_test, y_test):.1%}, majority baseline ", end="")
print(f"{attribute_accuracy(y_test, majority):.1%}")
