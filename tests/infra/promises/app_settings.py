"""The app's settings are those the code reads, with its limits, each from its own parameter.

Each check returns its findings.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.compiler import TENANT
from infra.preflight.deployment import INFRA, variable_of
from infra.snapshot import EVERYTHING_ON, inputs
from ingest_threat.body import MAX_BYTES
from shared.errors import SettingsError
from shared.settings import read
from tests.infra import code
from tests.infra.snapshots import Snapshots

PLATFORM = {
    "AzureWebJobsStorage__blobServiceUri": "the Functions host",
    "AzureWebJobsStorage__credential": "the Functions host",
    "AzureWebJobsStorage__clientId": "the Functions host",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "the Functions host",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "the Functions host",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "the Functions host",
    "AZURE_CLIENT_ID": "azure-identity, in the app",
}
"""Settings that somebody other than our code reads, and who."""

NEVER_SET = {"COSMOS": "a connection string: keys do not open the account"}
"""Settings the code knows that must not stand in a deployment, and why."""

OF_THE_CLOUD = {"ENTRA_AUTHORITY": "[environment().authentication.loginEndpoint]", "ADMIN_TENANT": TENANT}
"""Settings without a parameter, and what they are where administrators have tokens."""

SECRET = re.compile(r"[A-Z_]*(SECRETS|SHARED_KEYS)_[A-Z_]+")


def names(snapshots: Snapshots) -> Iterator[str]:
    """Every setting the code reads is set, and every setting that is set is read by somebody.

    Flex Consumption refuses FUNCTIONS_WORKER_RUNTIME and WEBSITE_RUN_FROM_PACKAGE; COSMOS would open the
    database by key.
    """
    read = code.settings_read()
    needed = (read.names | code.settings_of_bindings() | _connection() | PLATFORM.keys()) - NEVER_SET.keys()
    own = _own()
    for environment in snapshots:
        given = environment.settings.keys() - (own.keys() if environment.name == EVERYTHING_ON else set())
        yield from (f"{environment.name}: {name} is needed and not set" for name in sorted(needed - given))
        yield from (
            f"{environment.name}: {name} is set and nobody reads it" for name in sorted(given - needed)
        )


def body_limit(snapshots: Snapshots) -> Iterator[str]:
    """The host bounds a body before anybody is authenticated, above our own limits: those say why."""
    for environment in snapshots:
        given = int(environment.settings.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", 0))
        if not 2 * MAX_BYTES <= given <= 8 * MAX_BYTES:
            yield f"{environment.name}: a body of {given} bytes reaches the app"


def _connection() -> set[str]:
    """What a trigger's connection needs to open the database by the user-assigned identity."""
    connections = {
        each.trigger["connection"] for each in code.functions().values() if "connection" in each.trigger
    }
    return {
        f"{name}__{part}" for name in connections for part in ("accountEndpoint", "credential", "clientId")
    }


def values(snapshots: Snapshots) -> Iterator[str]:
    """With everything on, each setting has the value that its own variable, partner or read key was given."""
    given = snapshots.environment(EVERYTHING_ON).settings
    _, variables = inputs(INFRA, EVERYTHING_ON)
    taken = {name: value for name, value in variables.items() if name in code.settings_read().names}
    vault = snapshots.environment(EVERYTHING_ON).one("Microsoft.KeyVault/vaults").name
    secrets = {
        name: f"@Microsoft.KeyVault(VaultName={vault};SecretName={name.lower().replace('_', '-')})"
        for name, value in _own().items()
        if value is None
    }
    plain = {name: value for name, value in _own().items() if value is not None}
    for name, right in {**taken, **OF_THE_CLOUD, **plain, **secrets}.items():
        if given.get(name, "").lower() != right.lower():
            yield f"{EVERYTHING_ON}: {name} is {given.get(name)}, not {right}"


def _own() -> dict[str, str | None]:
    """Settings of partners and read keys that everything-on adds; None for what the vault holds."""
    parameters: Mapping[str, Any] = inputs(INFRA, EVERYTHING_ON)[0]
    plain = {
        each["name"]: each["value"] for partner in parameters["partners"] for each in partner["settings"]
    }
    kept = [name for partner in parameters["partners"] for name in partner["secrets"]]
    kept += [f"READ_KEY_{name.upper()}" for name in parameters["readKeys"]]
    return {**plain, **dict.fromkeys(kept)}


def switches(snapshots: Snapshots) -> Iterator[str]:
    """A switch changes the setting of its own name, where the code has one, and no other."""
    for switch, change in snapshots.files["options"].items():
        variable = variable_of(switch.partition("=")[0])
        wanted = {variable} & code.settings_read().names
        changed = {
            path.rpartition(".")[2]
            for values in change["becomes"].values()
            for path in values
            if ".appSettings." in path
        }
        if changed != wanted:
            yield f"{switch} changes the settings {sorted(changed)}, not {sorted(wanted)}"


def limits(snapshots: Snapshots) -> Iterator[str]:
    """What main.bicep takes for a setting, and its default, are what the code takes."""
    for name, parameter in snapshots.files["parameters"].items():
        setting = variable_of(name)
        if setting in code.settings_read().names:
            yield from (f"{name}: {finding}" for finding in _limits(setting, parameter))


def _limits(setting: str, parameter: Mapping[str, Any]) -> Iterator[str]:
    default = str(parameter["defaultValue"])
    if read({setting: default}) != read({}):
        yield f"the default {default!r} is not the code's"
    taken = [str(each) for each in parameter.get("allowedValues", ())]
    beyond = []
    for bound, step in (("minValue", -1), ("maxValue", 1)):
        if bound in parameter:
            taken.append(str(parameter[bound]))
            beyond.append(str(parameter[bound] + step))
    if parameter["type"] == "int" and len(beyond) != 2:
        yield "a number without limits"
    yield from (f"main.bicep takes {text}, the code does not" for text in taken if _refused(setting, text))
    yield from (
        f"the code takes {text}, main.bicep does not" for text in beyond if not _refused(setting, text)
    )


def _refused(setting: str, text: str) -> bool:
    try:
        read({setting: text})
    except SettingsError:
        return True
    return False


CHECKS = (names, body_limit, values, switches, limits)
