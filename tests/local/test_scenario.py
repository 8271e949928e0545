"""How a run of the scenario ends, and what the next one begins with."""

import pathlib
from types import SimpleNamespace
from typing import Any

import pytest

from local.scenario import steps
from local.scenario.hands import DoesNotHoldError
from local.scenario.journal import Journal


@pytest.fixture
def killed(tmp_path: pathlib.Path) -> Journal:
    """Of a run that was killed behind its first step."""
    journal = Journal(tmp_path / "scenario.json")
    journal.finish("a")
    return journal


async def _played_on(journal: Journal, monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> bool:
    async def second(_stage: object) -> str:
        if error is not None:
            raise error
        return "held"

    monkeypatch.setattr(steps, "STEPS", {"a": None, "b": second})
    stack: Any = SimpleNamespace(data=journal.path.parent)
    return await steps.play(stack, lambda _: None)


@pytest.mark.parametrize("error", [None, DoesNotHoldError("the phone is tagged")])
async def test_a_run_that_held_or_did_not_is_over(
    killed: Journal, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    assert await _played_on(killed, monkeypatch, error) is (error is None)
    following = Journal(killed.path)
    assert (following.run == killed.run, following.done) == (False, [])


async def test_a_run_that_was_cut_off_goes_on(killed: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionError):
        await _played_on(killed, monkeypatch, ConnectionError())
    following = Journal(killed.path)
    assert (following.run, following.done) == (killed.run, ["a"])
