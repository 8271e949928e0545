"""Names of what is loaded on first use."""

import pytest

from shared import resolve as module
from shared.resolve import resolve, run


def test_a_name_gives_what_its_module_has_under_it() -> None:
    assert resolve("shared.resolve:run") is run
    with pytest.raises(ModuleNotFoundError):
        resolve("shared.nothing:run")
    with pytest.raises(AttributeError):
        resolve("shared.resolve:nothing")


async def test_a_trigger_runs_with_the_services_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    async def work(*arguments: object) -> None:
        given.extend(arguments)

    monkeypatch.setattr("shared.services.services", lambda: "services")
    monkeypatch.setattr(module, "work", work, raising=False)
    await run("shared.resolve:work", "documents")
    assert given == ["services", "documents"]
