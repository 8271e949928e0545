"""What is to be deployed, and what a check finds about it."""

import json
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

INFRA = pathlib.Path(__file__).resolve().parents[1]
VARIABLES = {
    "environmentName": "AZURE_ENV_NAME",
    "location": "AZURE_LOCATION",
    "deployerPrincipalId": "AZURE_PRINCIPAL_ID",
    "feedPollDelay": "FEED_POLL_DELAY_MS",
}
"""Parameters whose variable has another name than their own, in capitals."""
_REFERENCE = re.compile(r"\$\{(\w+)(?:=([^}]*))?\}")


class AzError(Exception):
    """The Azure CLI refused; its last words."""


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way, and what to do about it."""

    problem: str
    remedy: str


@dataclass(frozen=True)
class Deployment:
    """What is to be deployed: the environment's values, the parameters file, and the Azure CLI to ask."""

    environment: Mapping[str, str]
    parameters: Mapping[str, object]
    az: Callable[..., Any]
    """`az("account", "show")` → what it printed, as JSON; AzError where it failed."""
    set_in_azd: frozenset[str] = frozenset()
    """Names of the variables in the azd environment, which holds nothing of the shell's."""

    def value(self, variable: str) -> str:
        """What is deployed under the name of a variable; empty where nothing is set.

        What the parameters file says itself comes before the environment, and that before the file's default.
        """
        return self._said.get(variable) or self.environment.get(variable, "").strip()

    @cached_property
    def _said(self) -> Mapping[str, str]:
        said = {}
        for parameter, given in self.parameters.items():
            reference = _REFERENCE.fullmatch(given) if isinstance(given, str) else None
            if reference:
                said[reference[1]] = self.environment.get(reference[1], "").strip() or reference[2] or ""
            elif isinstance(given, bool):
                said[variable_of(parameter)] = str(given).lower()
            elif isinstance(given, str | int):
                said[variable_of(parameter)] = str(given)
        return said

    def is_literal(self, parameter: str) -> bool:
        """Whether the parameters file says a value itself, so that no variable changes it."""
        given = self.parameters.get(parameter)
        return not (isinstance(given, str) and _REFERENCE.fullmatch(given))

    @cached_property
    def taken(self) -> frozenset[str]:
        """The variables that the parameters file names."""
        texts = [json.dumps(given) for given in self.parameters.values()]
        return frozenset(name for text in texts for name, _ in _REFERENCE.findall(text))

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


def variable_of(parameter: str) -> str:
    """The variable a parameter is set by."""
    return VARIABLES.get(parameter) or re.sub(r"([A-Z])", r"_\1", parameter).upper()


def plain(region: str) -> str:
    """`West Europe` and `westeurope` are the same region."""
    return region.lower().replace(" ", "")


Check = Callable[[Deployment], Iterator[Obstacle]]
