"""What several of these tests look at, and none changes."""

import pytest

from tests.infra.once import Once


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Makes something once in a session, however many processes run tests."""
    base = tmp_path_factory.getbasetemp()
    return Once(base if worker_id == "master" else base.parent)
