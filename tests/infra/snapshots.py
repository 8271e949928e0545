"""The committed snapshots as the checks read them; a seeded mistake is made in a copy of their data."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from infra.preflight.deployment import INFRA
from infra.recorded import recorded
from infra.snapshot import ENVIRONMENTS, EVERYTHING_ON, given, variables

NAMES = (*ENVIRONMENTS, EVERYTHING_ON)
PRIVATE = ("prod", EVERYTHING_ON)
"""Those with a private network."""
FILES = "/stdrop"
"""In the id of the account that files are dropped into, and of what is in it."""


@dataclass(frozen=True)
class Resource:
    """One resource that would be made, and the snapshot it stands in."""

    environment: str
    row: Mapping[str, Any]

    @property
    def type(self) -> str:
        """Without an API version, which those of Graph bear."""
        return str(self.row["type"]).partition("@")[0]

    @property
    def id(self) -> str:
        """As `group:<type>/<name>`; an expression where the name hangs on what is only known at run time."""
        return str(self.row.get("id", ""))

    @property
    def name(self) -> str:
        """The last part of its name."""
        return str(self.row.get("name", "")).rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.environment}: {self.type} {self.name}"

    def runtime(self, path: str) -> str:
        """How another resource is given what this one knows once it is made: an address, an id."""
        return f"reference('{self.id}', '{self.row['apiVersion']}').{path}"

    def at(self, path: str) -> Any:
        """The value at `properties.a.0.b`; None where there is none."""
        value: Any = self.row
        for name in path.split("."):
            if isinstance(value, list):
                value = dict(enumerate(value)).get(int(name))
            else:
                value = value.get(name) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True)
class Environment:
    """What would be made with the inputs of one environment."""

    name: str
    snapshot: Mapping[str, Any]

    @cached_property
    def resources(self) -> list[Resource]:
        return [Resource(self.name, row) for row in self.snapshot["resources"]]

    def of(self, type_: str) -> list[Resource]:
        """Resources of a type."""
        return [each for each in self.resources if each.type == type_]

    def one(self, type_: str) -> Resource:
        """The only resource of a type; of an account's, beside the one that files are dropped into."""
        [found] = (each for each in self.of(type_) if FILES not in each.id)
        return found

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings, name to value."""
        rows = self.one("Microsoft.Web/sites").at("properties.siteConfig.appSettings")
        return {row["name"]: row["value"] for row in rows}

    @property
    def outputs(self) -> Mapping[str, Any]:
        return dict(self.snapshot["outputs"])


@dataclass(frozen=True)
class Snapshots:
    """All of them, as JSON."""

    files: dict[str, Any]

    @classmethod
    def committed(cls) -> "Snapshots":
        """Those of infra/snapshots; beside them what main.parameters.json and the environments give."""
        files = {name: recorded(name) for name in (*NAMES, "options", "order", "parameters")}
        files["given"] = given(INFRA)
        files["environments"] = {
            name: variables(INFRA / "environments" / f"{name}.env") for name in ENVIRONMENTS
        }
        return cls(files)

    def copy(self) -> "Snapshots":
        """To make a mistake in."""
        return Snapshots(copy.deepcopy(self.files))

    def environment(self, name: str) -> Environment:
        return Environment(name, self.files[name])

    def __iter__(self) -> Iterator[Environment]:
        return iter([self.environment(name) for name in NAMES])
