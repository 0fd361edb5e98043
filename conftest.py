"""For the tests and the examples in docstrings alike."""

import os

import pytest

os.environ["MPLBACKEND"] = "Agg"


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Nothing is read from or left in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKFACE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
