"""A plugin of pytest for `make mutants`: no function of ours remembers what it answered before a test.

Else the first test to ask would be the only one seen to run what stands behind the answer, and a mutant there
would be held against that test alone.
"""

import gc
from functools import _lru_cache_wrapper
from typing import Any

import pytest

OURS = ("shared.", "evaluate_risk.", "ingest_threat.", "poll_partners.", "sync_inventory.", "serve_console.")

_caches: "list[_lru_cache_wrapper[Any]]" = []


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find what remembers, once all is imported that tests import."""
    found = (each for each in gc.get_objects() if type(each) is _lru_cache_wrapper)
    _caches[:] = [each for each in found if f"{each.__module__}.".startswith(OURS)]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget."""
    for each in _caches:
        each.cache_clear()
