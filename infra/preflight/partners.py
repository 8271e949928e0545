"""Partners in the parameters file: their settings and their secrets."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from infra.preflight.deployment import INFRA, AzError, Deployment, Obstacle

SECRETS = ("WEBHOOK_SECRETS", "HEADER_SECRETS", "SHARED_KEYS", "POLL_SECRET")
"""How settings of a partner begin whose value belongs into the vault."""
PLAIN = (
    *("AUTH", "HEADER_NAME", "ENTRA_TENANT", "ENTRA_AUDIENCE", "ENTRA_APP_IDS"),
    *("SHARED_KEY_WORKSPACE", "CONNECTOR_ID", "EVENT_ONLY_PRESENT"),
    *("POLL_URL", "POLL_CLIENT_ID", "POLL_TENANT", "POLL_STREAM", "POLL_DROP", "POLL_WORKSPACE"),
    *("POLL_BEGIN", "POLL_EXPIRES"),
)
"""How the others begin; all end in the partner's slug. Beside them there is WORDS_<SLUG>_<NAME>."""


def partners(deployment: Deployment) -> Iterator[Obstacle]:
    """Each partner in main.parameters.json has both its lists, of settings the app knows, each once."""
    given = deployment.parameters.get("partners")
    names: list[str] = []
    for number, each in enumerate(given if isinstance(given, list) else [{}], 1):
        if not _is_partner(each):
            yield Obstacle(
                f"partner {number} in main.parameters.json lacks a list",
                'expected {"settings": [{"name": "…", "value": "…"}], "secrets": ["…"]}; either may be empty',
            )
            continue
        plain = [setting["name"] for setting in each["settings"]]
        names += [*plain, *each["secrets"]]
        yield from _misplaced(plain, each["secrets"])
    for name in sorted(set(names)):
        if not any(_is_setting(name, slug.upper()) for slug in _slugs()):
            yield Obstacle(f"{name} in main.parameters.json is no setting of a partner", _expected(name))
        if names.count(name) > 1:
            yield Obstacle(f"{name} stands {names.count(name)} times in main.parameters.json", "name it once")


def _misplaced(plain: Sequence[str], secret: Sequence[str]) -> Iterator[Obstacle]:
    for name in plain:
        if name.startswith(SECRETS):
            yield Obstacle(
                f"{name} stands in the open in main.parameters.json",
                'put its value into the vault and its name into "secrets"; then replace the secret',
            )
    for name in secret:
        if name.startswith(PLAIN) and not name.startswith(SECRETS):
            yield Obstacle(f"{name} is no secret", 'put it and its value into "settings"')


def _is_setting(name: str, slug: str) -> bool:
    ours = {f"{family}_{slug}" for family in (*SECRETS, *PLAIN)}
    return name in ours or re.fullmatch(rf"WORDS_{slug}_[A-Z_]+", name) is not None


def _expected(name: str) -> str:
    """The nearest name there is, or what they look like."""
    every = [f"{family}_{slug.upper()}" for family in (*SECRETS, *PLAIN) for slug in _slugs()]
    meant = difflib.get_close_matches(name, every, 1)
    families = ", ".join((*SECRETS, *PLAIN))
    return f"perhaps {meant[0]}" if meant else f"expected one of {families} and the partner's slug"


def secrets(deployment: Deployment) -> Iterator[Obstacle]:
    """Every secret that a partner's setting or a read key names is in the vault: without it the app does not
    start."""
    listed = [name for each in named_partners(deployment) for name in each["secrets"]]
    wanted = sorted(name.lower().replace("_", "-") for name in (*listed, *_read_keys(deployment)))
    vault = deployment.value("AZURE_KEY_VAULT_NAME")
    if wanted and not vault:
        yield Obstacle(
            "main.parameters.json names secrets, and there is no vault yet to hold them",
            'deploy once with "partners" and "readKeys": { "value": [] }, put them there, then name them',
        )
    elif wanted:
        try:
            present = deployment.az("keyvault", "secret", "list", "--vault-name", vault, "--query", "[].name")
        except AzError as error:
            yield Obstacle(
                f"the vault {vault} does not list its secrets: {error}",
                "from outside a private network let this machine in until the next deployment: "
                f"az keyvault update --name {vault} --public-network-access Enabled, then: "
                f"az keyvault network-rule add --name {vault} --ip-address <its public address>",
            )
            return
        for name in sorted(set(wanted) - set(present)):
            yield Obstacle(
                f"the vault {vault} has no secret {name}",
                f"az keyvault secret set --vault-name {vault} --name {name} --file <file with it alone>",
            )


def read_keys(deployment: Deployment) -> Iterator[Obstacle]:
    """Each read key in main.parameters.json is a name, once."""
    given = deployment.parameters.get("readKeys", [])
    named = given if isinstance(given, list) else [given]
    for name in named:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,50}", name):
            yield Obstacle(
                f"{name!r} in readKeys of main.parameters.json is no name",
                'expected letters, digits and underscores, such as "siem": the setting is READ_KEY_SIEM',
            )
    if len({str(name).lower() for name in named}) < len(named):
        yield Obstacle("readKeys in main.parameters.json names a key twice", "name it once")


def _read_keys(deployment: Deployment) -> list[str]:
    given = deployment.parameters.get("readKeys")
    return [f"read-key-{name}" for name in given if isinstance(name, str)] if isinstance(given, list) else []


def _slugs() -> list[str]:
    """The partners there are adapters for, by their modules."""
    modules = (INFRA.parent / "ingest_threat" / "partners").glob("[a-z]*.py")
    return sorted(path.stem for path in modules)


def _is_partner(given: object) -> bool:
    if not isinstance(given, dict):
        return False
    settings, names = given.get("settings"), given.get("secrets")
    return (
        isinstance(settings, list)
        and isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        and all(isinstance(each, dict) and {*map(type, each.values())} == {str} for each in settings)
        and all(each.keys() == {"name", "value"} for each in settings)
    )


def named_partners(deployment: Deployment) -> list[dict[str, Any]]:
    """Those that are written as they should be."""
    given = deployment.parameters.get("partners")
    return [each for each in given if _is_partner(each)] if isinstance(given, list) else []
