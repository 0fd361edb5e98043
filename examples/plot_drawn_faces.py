"""
A CelebA folder without CelebA
==============================

``make_celeba`` draws faces and writes them as a complete CelebA folder: photos in the
wild and aligned, boxes, landmarks, forty attributes, identities and the partition. All
of skface runs on it, without a download.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skface import CelebALoader, FacesDisplay
from skface.datasets import make_celeba

root = make_celeba(Path(tempfile.mkdtemp(), "celeba"), 100, random_state=1)
for path in sorted(root.glob("*/*")):
    print(path.relative_to(root))

# %%
# Photos in the wild with their true boxes and points.
boxes = CelebALoader(root, "bbox").load_bunch("all")
landmarks = CelebALoader(root, "landmarks", aligned=False).load_bunch("all")
FacesDisplay(
    boxes.images[:6],
    boxes=boxes.target[:6],
    landmarks=landmarks.target[:6],
    image_sizes=boxes.image_sizes[:6],
).plot()
plt.show()

# %%
# One person aligned: eyes, nose and mouth are always in the same place. Several photos
# show one identity, and no identity is in two of train, valid and test.
bunch = CelebALoader(root, "attributes").load_bunch("all")
identities, counts = np.unique(bunch.groups, return_counts=True)
rows = np.flatnonzero(bunch.groups == identities[counts.argmax()])[:6]
FacesDisplay(
    bunch.images[rows],
    attributes=bunch.target[rows],
    names=bunch.target_names,
    image_sizes=bunch.image_sizes[rows],
).plot(n_attributes=6)
plt.show()
