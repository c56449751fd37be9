"""Writes test/fixtures/estimators.safetensors: what SciPy and scikit-learn make of vectors, for the estimators to be compared with.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.0 scipy==1.17.1 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python scripts/metric-fixtures.py

Three sets of vectors of 16 numbers: 300 and 250 of two normal distributions, and 280 near the first. Their energy distances (means of
SciPy's cdist over all pairs, those of a vector with itself left out), the nearest of the first set to each of the second, and the
95 % percentile interval of a mean by SciPy's bootstrap.
"""

import pathlib

import numpy as np
from safetensors.numpy import save_file
from scipy.spatial.distance import cdist, pdist
from scipy.stats import bootstrap
from sklearn.neighbors import NearestNeighbors

ROOT = pathlib.Path(__file__).parent.parent / "test/fixtures"
WIDTH = 16

random = np.random.default_rng(11)
mixing = random.normal(size=(WIDTH, WIDTH))
x = random.normal(size=(300, WIDTH)).astype(np.float32)
y = (random.normal(size=(250, WIDTH)) @ mixing / 4 + 0.5).astype(np.float32)
z = (x[:280] + 0.1 * random.normal(size=(280, WIDTH))).astype(np.float32)


def energy(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return 2 * cdist(a, b).mean() - pdist(a).mean() - pdist(b).mean()


distances, nearest = NearestNeighbors(n_neighbors=1).fit(x.astype(np.float64)).kneighbors(y.astype(np.float64))
values = random.gamma(2, size=400)
interval = bootstrap((values,), np.mean, n_resamples=100_000, method="percentile", random_state=3).confidence_interval

tensors = {
    "x": x,
    "y": y,
    "z": z,
    "energy": np.array([energy(x, y), energy(x, z), energy(y, z)]),
    "nearest": nearest[:, 0].astype(np.int32),
    "distances": distances[:, 0],
    "values": values,
    "bootstrap": np.array([values.mean(), interval.low, interval.high]),
}
save_file({name: t if t.dtype == np.int32 else t.astype(np.float32) for name, t in tensors.items()}, ROOT / "estimators.safetensors")
