"""No test of this room waits for Graph in earnest."""

import pytest

from sync_inventory import run
from sync_inventory.apps import export as app_export


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(app_export, "WAITS", (0.0, 0.0))
