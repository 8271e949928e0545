"""What the compiler last said of the templates: infra/snapshots/, as `make snapshot` wrote it."""

import json
import pathlib
from typing import Any

from infra.preflight.deployment import INFRA

SNAPSHOTS = INFRA / "snapshots"


def recorded(name: str, folder: pathlib.Path = SNAPSHOTS) -> Any:
    """A file of infra/snapshots/ by its name without `.json`."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def types() -> set[str]:
    """The types of all resources that can be made."""
    return {str(each["type"]) for each in recorded("everything-on")["resources"]}


def app() -> dict[str, Any]:
    """The function app, as dev makes it."""
    [site] = [each for each in recorded("dev")["resources"] if each["type"] == "Microsoft.Web/sites"]
    return dict(site)
