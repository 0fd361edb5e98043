"""
Which faces are alike?
======================

Groups photos by the attributes that a pipeline tells of them, and shows the mean face
of each group, with the attributes that set it apart.

Without arguments it draws its own faces. On CelebA, and with ImageNet weights::

    python plot_clusters.py --data CELEBA --weights imagenet
"""

import argparse

import matplotlib.pyplot as plt

from skface import CelebALoader, ClustersDisplay, make_attribute_pipeline
from skface.datasets import drawn_celeba
from skface.systems import AttributeClusterer, identities_left

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--cache-dir", help="folder that keeps the features")
parser.add_argument("--n-clusters", type=int, default=8)
args = parser.parse_args()

# %%
# A pipeline that has learnt the attributes tells them of photos that it does not know.
loader = CelebALoader(args.data or drawn_celeba(), "attributes")
pipe = make_attribute_pipeline(
    weights=args.weights, cache_dir=args.cache_dir, random_state=0
)
pipe.fit(*loader.load("train"))
test = loader.load_bunch("test")
probabilities = pipe.predict_proba(test.images)

# %%
# The clusters, and what sets each apart: bars are how often an attribute occurs there,
# the black line is how often it occurs in all photos.
clusterer = AttributeClusterer(args.n_clusters, random_state=0).fit(probabilities)
ClustersDisplay.from_estimator(clusterer, test.images, names=test.target_names)
plt.show()

# %%
# Who may still be meant, once the cluster of a photo is known.
print(f"{clusterer.n_distinct_rows_} distinct rows of {len(probabilities)}")
print(identities_left(clusterer.labels_, test.groups).round(3).to_string())
