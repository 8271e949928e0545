"""What stands already: names that are taken, and a deployment that cannot become what is asked for."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.preflight.deployment import Deployment, Obstacle, plain


def taken(deployment: Deployment) -> Iterator[Obstacle]:
    """No name is another's, and none is held by a vault that was deleted."""
    token = deployment.value("RESOURCE_TOKEN")
    for vault in deployment.az("keyvault", "list-deleted", "--resource-type", "vault"):
        if vault["name"] == f"kv-mtd-{token}" if token else _was_ours(deployment, vault):
            yield Obstacle(
                f"the deleted vault {vault['name']} still holds its name",
                f"az group create --name {deployment.group} --location {deployment.region}, then: "
                f"az keyvault recover --name {vault['name']}; or azd env set RESOURCE_TOKEN <another one>",
            )
    if not token:
        return
    exists = deployment.az("group", "exists", "--name", deployment.group)
    asked = ("resource", "list", "--resource-group", deployment.group, "--query", "[].name")
    own = set(deployment.az(*asked)) if exists else set()
    for name, free in _global_names(deployment, token).items():
        if name not in own and not free():
            yield Obstacle(f"the name {name} is taken", "azd env set RESOURCE_TOKEN <another one>")


def _was_ours(deployment: Deployment, vault: Mapping[str, Any]) -> bool:
    """Whether a deleted vault's name, which derives from environment and region, is wanted again."""
    kept = vault.get("properties") or {}
    name = (kept.get("tags") or {}).get("azd-env-name")
    here = plain(kept.get("location") or deployment.region) == deployment.region
    return here and name == deployment.value("AZURE_ENV_NAME") and vault["name"].startswith("kv-mtd-")


def _global_names(deployment: Deployment, token: str) -> dict[str, Callable[[], bool]]:
    az = deployment.az

    def site_is_free() -> bool:
        path = "/subscriptions/{subscriptionId}/providers/Microsoft.Web/checknameavailability"
        body = json.dumps({"name": f"func-mtd-{token}", "type": "Site"})
        url = f"{path}?api-version=2024-11-01"
        return bool(az("rest", "--method", "post", "--url", url, "--body", body)["nameAvailable"])

    storage, cosmos = f"stmtd{token}", f"cosmos-mtd-{token}"
    return {
        f"func-mtd-{token}": site_is_free,
        storage: lambda: bool(az("storage", "account", "check-name", "--name", storage)["nameAvailable"]),
        cosmos: lambda: not az("cosmosdb", "check-name-exists", "--name", cosmos),
    }


def existing(deployment: Deployment) -> Iterator[Obstacle]:
    """A second deployment asks for nothing that the first one's group and database cannot become."""
    if not deployment.az("group", "exists", "--name", deployment.group):
        return
    stands = plain(deployment.az("group", "show", "--name", deployment.group)["location"])
    if stands != deployment.region:
        yield Obstacle(
            f"{deployment.group} stands in {stands} and cannot move to {deployment.region}",
            f"azd env set AZURE_LOCATION {stands}; or a new environment; or `azd down` first",
        )
    name = deployment.value("AZURE_COSMOS_NAME")
    if not name:
        return
    account = deployment.az("cosmosdb", "show", "--name", name, "--resource-group", deployment.group)
    serverless = any(each["name"] == "EnableServerless" for each in account.get("capabilities") or [])
    zones = any(each.get("isZoneRedundant") for each in account.get("locations") or [])
    for setting, stands, wanted in (
        (
            "COSMOS_CAPACITY",
            "serverless" if serverless else "autoscale",
            deployment.value("COSMOS_CAPACITY") or "serverless",
        ),
        ("ZONE_REDUNDANT", str(zones).lower(), str(deployment.zones).lower()),
    ):
        if stands != wanted:
            yield Obstacle(
                f"{name} was made with {setting} {stands} and cannot become {wanted}",
                f"azd env set {setting} {stands}; or a new environment (docs/deploy.md)",
            )
