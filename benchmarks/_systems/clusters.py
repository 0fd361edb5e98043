"""Clusters of photos by what is known of them, against true attributes and people.

Photos that nothing has learnt from, those of valid and test. What is clustered:

- p: probabilities that the head of preset "best" gives, learnt from train;
- labels: the same in {0, 1}; ten labels: those that a precursor of the paper takes;
- features, and 64 principal components of them;
- each of the first three with its columns shuffled one by one: attributes as frequent
  as before which no longer belong together. What scores as well there means nothing.

NMI, ARI and purity are means over the true attributes, whose purity by the commoner
answer is the row "one cluster"; then the same against identity, how many identities a
cluster leaves, and how many pairs of one person's photos it keeps, beside chance.
"""

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.metrics import (
    adjusted_rand_score,
    normalized_mutual_info_score,
    silhouette_score,
)

from skface.systems import AttributeClusterer, identities_left

from ._shared import aligned, attribute_pipeline, spread

TEN = (
    *("Wearing_Lipstick", "Smiling", "No_Beard", "Heavy_Makeup", "Bald", "Male"),
    *("Young", "Eyeglasses", "Blond_Hair", "Wearing_Hat"),
)
N_COMPONENTS = 64
METHODS = ("kmeans", "agglomerative", "hdbscan")


def run(args):
    (X, train), (X_val, valid), (X_test, test) = aligned(args).values()
    names = list(test.target_names)
    truth = np.vstack([valid.target, test.target])
    people = np.concatenate([valid.groups, test.groups])
    features = np.vstack([np.asarray(each, np.float32) for each in (X_val, X_test)])
    components = PCA(min(N_COMPONENTS, *features.shape), random_state=0)
    components = components.fit_transform(features)
    ten = [names.index(name) for name in TEN if name in names]
    rows = [{"clustered": "one cluster", "method": "", **against(truth, people, None)}]
    for seed in range(args.n_seeds):
        # its early stopping sees rows of train: those of valid are clustered
        head = attribute_pipeline(args)["head"].set_params(random_state=seed)
        p = head.fit(X, train.target).predict_proba(features)
        labels = (p > 0.5).astype(float)
        tables = {"p": p, "labels": labels, "ten labels": labels[:, ten]}
        rng = np.random.default_rng(seed)
        tables |= {
            f"{name}, shuffled": rng.permuted(table, axis=0)
            for name, table in tables.items()
        }
        tables |= {"features": features, f"{N_COMPONENTS} components": components}
        for name, table in tables.items():
            for method in METHODS if name != "features" else METHODS[:1]:
                clusterer = AttributeClusterer(method=method, random_state=seed)
                found = clusterer.fit_predict(table)
                n_found = len(np.unique(found))
                rows.append(
                    {
                        "clustered": name,
                        "method": method,
                        "clusters": len(clusterer.cluster_sizes_),
                        "in none": (found == -1).mean(),
                        "distinct rows": clusterer.n_distinct_rows_,
                        "silhouette": silhouette_score(table, found)
                        if 1 < n_found < len(table)
                        else np.nan,
                        **against(truth, people, found),
                    }
                )
    return spread(pd.DataFrame(rows), ["clustered", "method"])


def against(truth, people, found):
    """How clusters agree with attributes and people; None is one cluster of all."""
    found = np.zeros(len(truth), int) if found is None else found
    truth = truth[:, np.ptp(truth, axis=0) > 0]  # others agree with anything
    left = identities_left(found, people)
    return {
        "NMI": np.mean([normalized_mutual_info_score(y, found) for y in truth.T]),
        "ARI": np.mean([adjusted_rand_score(y, found) for y in truth.T]),
        "purity": np.mean([purity(y, found) for y in truth.T]),
        "NMI of people": normalized_mutual_info_score(people, found),
        "ARI of people": adjusted_rand_score(people, found),
        "purity of people": purity(people, found),
        **left,
    }


def purity(y, found):
    """The share of photos that the commonest label of their cluster is right for."""
    return pd.crosstab(found, y).to_numpy().max(axis=1).sum() / len(y)
