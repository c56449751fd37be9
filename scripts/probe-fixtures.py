"""Writes test/fixtures/probes.safetensors: what scikit-learn makes of vectors, for the probes to be compared with.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.0 scipy==1.17.1 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python scripts/probe-fixtures.py

One hundred and twenty vectors of 12 numbers with labels of four classes, and 40 others: fewer numbers than vectors. The same of
their products with a matrix, of 150 numbers: more than vectors. Both are centred and divided by the root mean square length of
the first 120 before anything is fitted.
"""

import pathlib

import numpy as np
from safetensors.numpy import save_file
from scipy.stats import binomtest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

ROOT = pathlib.Path(__file__).parent.parent / "test/fixtures"
KNOWN, OTHERS, CLASSES, WIDTH, WIDE = 120, 40, 4, 12, 150
PENALTIES = [1e-1, 1e-3]
COMPONENTS = 5

random = np.random.default_rng(7)
labels = random.integers(0, CLASSES, KNOWN + OTHERS)
centres = random.normal(size=(CLASSES, WIDTH))
scales = np.geomspace(3, 0.3, WIDTH)
narrow = ((centres[labels] + 1.5 * random.normal(size=(KNOWN + OTHERS, WIDTH))) * scales + 2).astype(np.float32)
wide = (narrow @ random.normal(size=(WIDTH, WIDE)) + 0.1 * random.normal(size=(KNOWN + OTHERS, WIDE))).astype(np.float32)

tensors = {"labels": labels.astype(np.int32)}
for name, vectors in [("narrow", narrow), ("wide", wide)]:
    x = vectors.astype(np.float64)
    x -= x[:KNOWN].mean(0)
    x /= np.sqrt((x[:KNOWN] ** 2).sum(1).mean())
    tensors[f"{name}.vectors"] = vectors
    for index, penalty in enumerate(PENALTIES):
        fit = LogisticRegression(C=1 / (penalty * KNOWN), tol=1e-10, max_iter=100_000).fit(x[:KNOWN], labels[:KNOWN])
        logits = fit.decision_function(x)
        tensors[f"{name}.logits.{index}"] = logits - logits.mean(1, keepdims=True)
    distances, nearest = NearestNeighbors(n_neighbors=10).fit(x[:KNOWN]).kneighbors(x[KNOWN:])
    tensors[f"{name}.nearest"] = nearest.astype(np.int32)
    tensors[f"{name}.distances"] = distances
    pca = PCA(COMPONENTS, svd_solver="full").fit(x[:KNOWN])
    scores = pca.transform(x)
    tensors[f"{name}.variances"] = pca.explained_variance_
    tensors[f"{name}.products"] = np.ascontiguousarray(scores[KNOWN:] @ scores[:KNOWN].T)

shares = np.array([[0, 10], [3, 10], [115, 120], [120, 120], [700, 1692]])
intervals = [binomtest(int(hits), int(n)).proportion_ci(0.95, method="wilson") for hits, n in shares]
tensors["wilson"] = np.array([[hits, n, i.low, i.high] for (hits, n), i in zip(shares, intervals)], np.float64)
tensors = {name: x if x.dtype == np.int32 else x.astype(np.float32) for name, x in tensors.items()}
save_file(tensors, ROOT / "probes.safetensors")
