"""What is to be deployed, and what a check finds about it."""

import pathlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

INFRA = pathlib.Path(__file__).resolve().parents[1]


class AzError(Exception):
    """The Azure CLI refused; its last words."""


@dataclass(frozen=True)
class Finding:
    """What stands in the way, and what to do about it."""

    problem: str
    remedy: str


@dataclass(frozen=True)
class Deployment:
    """What is to be deployed: the environment's values, and the Azure CLI to ask with."""

    values: Mapping[str, str]
    parameters: Mapping[str, object]
    az: Callable[..., Any]
    """`az("account", "show")` → what it printed, as JSON; AzError where it failed."""

    def value(self, name: str) -> str:
        """A value of the environment; empty where it is not set."""
        return self.values.get(name, "").strip()

    @property
    def group(self) -> str:
        """Name of the resource group."""
        return self.value("AZURE_RESOURCE_GROUP") or f"rg-{self.value('AZURE_ENV_NAME')}"

    @property
    def region(self) -> str:
        """The region as Azure names it."""
        return plain(self.value("AZURE_LOCATION"))

    @property
    def zones(self) -> bool:
        """Whether it is to stand in several availability zones."""
        return self.value("ZONE_REDUNDANT").lower() == "true"


def plain(region: str) -> str:
    """`West Europe` and `westeurope` are the same region."""
    return region.lower().replace(" ", "")


Check = Callable[[Deployment], Iterator[Finding]]
