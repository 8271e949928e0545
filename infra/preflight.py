#!/usr/bin/env python3
"""Before anything is created: is all there that the deployment needs, and does every value make sense?

    python3 infra/preflight.py

Runs before every `azd provision` and `azd up` (azure.yaml), and first of all in `make deploy`. It asks the
Azure CLI and changes nothing. Every finding is a sentence with its remedy; all are told at once. Needs no
library.
"""

import fnmatch
import ipaddress
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

INFRA = pathlib.Path(__file__).resolve().parent
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TOOLS = {
    "az": "the Azure CLI: https://learn.microsoft.com/cli/azure/install-azure-cli",
    "azd": "the Azure Developer CLI: https://learn.microsoft.com/azure/developer/azure-developer-cli/install-azd",
}
NEEDED = (
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.Web/sites/write",
    "Microsoft.Authorization/roleAssignments/write",
)
"""What a deployer must be allowed, one action for each kind of thing: groups, resources, roles on them."""
GRAPH_ADMINS = frozenset({"Global Administrator", "Privileged Role Administrator"})
APP_REFUSES = 3
"""How `python -m infra.app_settings` ends where the app would not start."""
_SECRET = re.compile(r"[A-Z_]*(SECRETS|SHARED_KEYS)_[A-Z_]+")
_VARIABLE = re.compile(r"\$\{(\w+)(?:=[^}]*)?\}")
_PARAMETER = re.compile(r"((?:^@[^\n]*\n(?:^[^@p\n][^\n]*\n)*)*)^param (\w+) (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """What stands in the way, and what to do about it."""

    problem: str
    remedy: str


class AzError(Exception):
    """The Azure CLI refused; its last words."""


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
        return _plain(self.value("AZURE_LOCATION"))

    @property
    def zones(self) -> bool:
        """Whether it is to stand in several availability zones."""
        return self.value("ZONE_REDUNDANT").lower() == "true"


Check = Callable[[Deployment], Iterator[Finding]]


def _plain(region: str) -> str:
    """`West Europe` and `westeurope` are the same region."""
    return region.lower().replace(" ", "")


def names(deployment: Deployment) -> Iterator[Finding]:
    """The environment has a name and a region; both become part of what is created."""
    name = deployment.value("AZURE_ENV_NAME")
    if not name:
        remedy = "azd env new <name>, then: azd env set --file infra/environments/dev.env (or prod.env)"
        yield Finding("there is no environment", remedy)
    elif not re.fullmatch(r"[A-Za-z0-9]([\w.()-]{0,62}[\w()-])?", name):
        yield Finding(
            f"environment {name!r} cannot be part of a resource group's name",
            "at most 64 letters, digits, hyphens and underscores: azd env new <name>",
        )
    if not deployment.value("AZURE_LOCATION"):
        yield Finding("there is no region", "azd env set AZURE_LOCATION <region>, for instance westeurope")
    token = deployment.value("RESOURCE_TOKEN")
    if token and not re.fullmatch(r"[a-z0-9]{5,13}", token):
        yield Finding(
            f"RESOURCE_TOKEN is {token!r}",
            "expected 5 to 13 lower-case letters and digits, because storage and vault allow no more",
        )


def limits(deployment: Deployment) -> Iterator[Finding]:
    """Every value keeps to the limits main.bicep declares for its parameter."""
    declared = {name: (kind, decorators) for decorators, name, kind in _declared()}
    for parameter, given in deployment.parameters.items():
        match = _VARIABLE.fullmatch(given) if isinstance(given, str) else None
        value = deployment.value(match[1]) if match else _as_text(given)
        if value and parameter in declared:
            expected = _expected(value, *declared[parameter])
            if expected:
                name = match[1] if match else f"{parameter} in main.parameters.json"
                remedy = f"azd env set {match[1]} …" if match else "mend it there"
                yield Finding(f"{name} is {value!r}", f"expected {expected}: {remedy}")


def _as_text(given: object) -> str:
    """A value that stands in the file itself; empty for a list, which has no limits."""
    if isinstance(given, bool):
        return str(given).lower()
    return str(given) if isinstance(given, str | int) else ""


def _declared() -> list[tuple[str, str, str]]:
    return _PARAMETER.findall((INFRA / "main.bicep").read_text(encoding="utf-8"))


def _expected(value: str, kind: str, decorators: str) -> str:
    """What was expected where `value` is not it; empty where it is."""
    bounds = {name: int(number) for name, number in re.findall(r"@(m\w+)\((-?\d+)\)", decorators)}
    allowed = re.search(r"@allowed\(\[([^\]]*)\]", decorators)
    choices = [each.strip().strip("'") for each in allowed[1].split("\n") if each.strip()] if allowed else []
    if choices and value not in choices:
        return f"one of {', '.join(choices)}"
    if kind == "bool" and value.lower() not in {"true", "false"}:
        return "true or false"
    if kind == "int" and not _within(value, bounds):
        least, most = bounds.get("minValue"), bounds.get("maxValue")
        return "a whole number" + (f" from {least} to {most}" if most is not None else "")
    if kind == "string" and not bounds.get("minLength", 0) <= len(value) <= bounds.get("maxLength", 10_000):
        return f"{bounds.get('minLength', 0)} to {bounds.get('maxLength', 'many')} characters"
    return ""


def _within(value: str, bounds: Mapping[str, int]) -> bool:
    if not re.fullmatch(r"-?[0-9]{1,9}", value):
        return False
    return bounds.get("minValue", int(value)) <= int(value) <= bounds.get("maxValue", int(value))


def region(deployment: Deployment) -> Iterator[Finding]:
    """The region offers Flex Consumption, over zones where they are asked for, and the app's Python."""
    location, zones = deployment.region, deployment.zones
    if not location:
        return
    asked = ["functionapp", "list-flexconsumption-locations", *(["--zone-redundant=true"] if zones else [])]
    offered = sorted(_plain(each["name"]) for each in deployment.az(*asked))
    if location not in offered:
        over = " over availability zones" if zones else ""
        yield Finding(
            f"region {location} does not offer Flex Consumption{over}",
            f"azd env set AZURE_LOCATION <one of: {', '.join(offered)}>",
        )
        return
    asked = ["functionapp", "list-flexconsumption-runtimes", "--location", location, "--runtime", "python"]
    versions = {str(each.get("version")) for each in deployment.az(*asked)}
    if _python() not in versions:
        yield Finding(
            f"region {location} does not offer Python {_python()} on Flex Consumption",
            f"choose another region; this one has {', '.join(sorted(versions)) or 'none'}",
        )


def _python() -> str:
    text = (INFRA / "modules" / "function-app.bicep").read_text(encoding="utf-8")
    found = re.search(r"name: 'python'\s+version: '([\d.]+)'", text)
    return found[1] if found else ""


def network(deployment: Deployment) -> Iterator[Finding]:
    """The subnets of a private network are such, apart, and large enough; addresses let in are addresses."""
    if deployment.value("PRIVATE_NETWORK").lower() != "true":
        return
    subnets = []
    for name, default in (("APP_SUBNET_PREFIX", "10.60.0.0/24"), ("ENDPOINT_SUBNET_PREFIX", "10.60.1.0/24")):
        value = deployment.value(name) or default
        try:
            subnets.append(ipaddress.IPv4Network(value))
            right = "/" in value and subnets[-1].prefixlen <= 27
        except ValueError:
            right = False
        if not right:
            yield Finding(f"{name} is {value!r}", f"expected a network of /27 or more, such as {default}")
    if len(subnets) == 2 and subnets[0].overlaps(subnets[1]):
        yield Finding("APP_SUBNET_PREFIX and ENDPOINT_SUBNET_PREFIX overlap", "give them networks apart")
    allowed = deployment.parameters.get("allowedAddresses")
    for address in allowed if isinstance(allowed, list) else []:
        try:
            ipaddress.IPv4Network(address)
        except ValueError:
            yield Finding(
                f"{address!r} in allowedAddresses of main.parameters.json is no address",
                "expected public ones, such as 203.0.113.7 or 203.0.113.0/28",
            )


def warm(deployment: Deployment) -> Iterator[Finding]:
    """Over zones, instances are kept warm in pairs at least, or not at all."""
    if deployment.zones and deployment.value("ALWAYS_READY_INSTANCES") == "1":
        yield Finding(
            "one always-ready instance cannot stand in several zones", "azd env set ALWAYS_READY_INSTANCES 2"
        )


def providers(deployment: Deployment) -> Iterator[Finding]:
    """The subscription knows every resource provider the templates use."""
    used = {"Microsoft.App"}  # the subnet of Flex Consumption is delegated to it
    for path in INFRA.rglob("*.bicep"):
        used |= set(re.findall(r"^resource \w+ '(Microsoft\.\w+)/", path.read_text("utf-8"), re.MULTILINE))
    used -= {"Microsoft.Graph", "Microsoft.Resources", "Microsoft.Authorization"}
    asked = ("provider", "list", "--query", "[?registrationState=='Registered'].namespace")
    registered = {name.lower() for name in deployment.az(*asked)}
    for name in sorted(used):
        if name.lower() not in registered:
            yield Finding(
                f"the subscription does not know {name} yet",
                f"az provider register --namespace {name} --wait",
            )


def rights(deployment: Deployment) -> Iterator[Finding]:
    """Whoever deploys may create resources and give roles on them, and grant in Graph where that is asked."""
    account = deployment.az("account", "show")
    who = account["user"]["name"]
    path = f"/subscriptions/{account['id']}/providers/Microsoft.Authorization/permissions"
    permissions = deployment.az("rest", "--url", f"{path}?api-version=2022-04-01")["value"]
    missing = [action for action in NEEDED if not any(_allows(each, action) for each in permissions)]
    if missing:
        yield Finding(
            f"{who} may not deploy to subscription {account['name']}: it lacks {', '.join(missing)}",
            "the deployer needs Owner, or Contributor and Role Based Access Control Administrator",
        )
    person = account["user"].get("type") == "user"  # of an app, Graph does not say here what it may
    if person and deployment.value("GRANT_GRAPH_PERMISSIONS").lower() == "true":
        url = "https://graph.microsoft.com/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole"
        directory_roles = {each["displayName"] for each in deployment.az("rest", "--url", url)["value"]}
        if not directory_roles & GRAPH_ADMINS:
            yield Finding(
                f"{who} may not grant Microsoft Graph permissions",
                "azd env set GRANT_GRAPH_PERMISSIONS false, and let an administrator run "
                "`python -m infra.grant_permissions` afterwards",
            )


def _allows(permission: Mapping[str, Any], action: str) -> bool:
    """Whether one of the caller's roles allows `action`: Azure writes * for any part of a name."""
    granted = any(fnmatch.fnmatchcase(action.lower(), each.lower()) for each in permission["actions"])
    return granted and not any(
        fnmatch.fnmatchcase(action.lower(), each.lower()) for each in permission.get("notActions") or []
    )


def taken(deployment: Deployment) -> Iterator[Finding]:
    """No name is another's, and none is held by a vault that was deleted."""
    token = deployment.value("RESOURCE_TOKEN")
    for vault in deployment.az("keyvault", "list-deleted", "--resource-type", "vault"):
        if vault["name"] == f"kv-mtd-{token}" if token else _was_ours(deployment, vault):
            yield Finding(
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
            yield Finding(f"the name {name} is taken", "azd env set RESOURCE_TOKEN <another one>")


def _was_ours(deployment: Deployment, vault: Mapping[str, Any]) -> bool:
    """Whether a deleted vault's name, which derives from environment and region, is wanted again."""
    kept = vault.get("properties") or {}
    name = (kept.get("tags") or {}).get("azd-env-name")
    here = _plain(kept.get("location") or deployment.region) == deployment.region
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


def standing(deployment: Deployment) -> Iterator[Finding]:
    """A second deployment asks for nothing that the first one's group and database cannot become."""
    if not deployment.az("group", "exists", "--name", deployment.group):
        return
    stands = _plain(deployment.az("group", "show", "--name", deployment.group)["location"])
    if stands != deployment.region:
        yield Finding(
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
            yield Finding(
                f"{name} was made with {setting} {stands} and cannot become {wanted}",
                f"azd env set {setting} {stands}; or a new environment (docs/deploy.md)",
            )


def starts(deployment: Deployment) -> Iterator[Finding]:
    """The app would start with these settings. It is asked itself, once its libraries are there."""
    main = (INFRA / "main.bicep").read_text(encoding="utf-8")
    settings = {name: deployment.value(name) for name in re.findall(r"^  ([A-Z_]+): ", main, re.MULTILINE)}
    if settings["ADMIN_AUDIENCE"]:
        settings["ADMIN_TENANT"] = deployment.az("account", "show")["tenantId"]
    for partner in _partners(deployment):
        settings |= {each["name"]: each["value"] for each in partner["settings"]}
    python = INFRA.parent / ".venv" / "bin" / "python"
    command = [str(python if python.exists() else sys.executable), "-m", "infra.app_settings"]
    ended = _run(command, environment=settings)
    if ended.returncode == APP_REFUSES:
        yield Finding(
            f"the app would not start: {ended.stdout.strip()}",
            "azd env set <name> <value>, or infra/main.parameters.json for a partner's",
        )


def words(deployment: Deployment) -> Iterator[Finding]:
    """What Azure or the host would refuse, and the limits do not tell."""
    client = deployment.value("EASY_AUTH_CLIENT_ID")
    if client and not GUID.fullmatch(client):
        yield Finding(
            f"EASY_AUTH_CLIENT_ID is {client!r}", "expected the client id of an app registration, a GUID"
        )
    tenants = {
        each["name"]: each["value"] for partner in _partners(deployment) for each in partner["settings"]
    }
    for name in sorted(tenants) if client else []:
        own = deployment.az("account", "show")["tenantId"]
        if name.startswith("ENTRA_TENANT_") and tenants[name].strip().lower() != own:
            yield Finding(
                f"{name} is another tenant, whose tokens EASY_AUTH_CLIENT_ID keeps out",
                "azd env set EASY_AUTH_CLIENT_ID '' (the app checks every token itself)",
            )
    schedule = deployment.value("SYNC_SCHEDULE")
    if schedule and not re.fullmatch(r"([\d*/,A-Za-z-]+ +){5}[\d*/,A-Za-z-]+", schedule):
        yield Finding(
            f"SYNC_SCHEDULE is {schedule!r}",
            'expected six fields, seconds first: azd env set SYNC_SCHEDULE "0 */15 * * * *"',
        )
    email = deployment.value("ALERT_EMAIL")
    if email and not re.fullmatch(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+", email):
        yield Finding(
            f"ALERT_EMAIL is {email!r}", "expected one address; a group's, where there are several people"
        )
    throughput = deployment.value("COSMOS_MAXIMUM_THROUGHPUT")
    if throughput.isdigit() and int(throughput) % 1000:
        yield Finding(
            f"COSMOS_MAXIMUM_THROUGHPUT is {throughput!r}",
            "expected a multiple of 1000: Cosmos DB takes no other",
        )


def _slugs() -> list[str]:
    """The partners there are adapters for, by their modules."""
    modules = (INFRA.parent / "ingest_threat" / "partners").glob("[a-z]*.py")
    return sorted(path.stem for path in modules)


def partners(deployment: Deployment) -> Iterator[Finding]:
    """Each partner in main.parameters.json has both its lists, of settings the app knows, each once."""
    given = deployment.parameters.get("partners")
    names: list[str] = []
    for number, each in enumerate(given if isinstance(given, list) else [{}], 1):
        if not _is_partner(each):
            yield Finding(
                f"partner {number} in main.parameters.json lacks a list",
                'expected {"settings": [{"name": "…", "value": "…"}], "secrets": ["…"]}; either may be empty',
            )
            continue
        plain = [setting["name"] for setting in each["settings"]]
        names += [*plain, *each["secrets"]]
        for name in filter(_SECRET.fullmatch, plain):
            yield Finding(
                f"{name} stands in the open in main.parameters.json",
                'put its value into the vault and its name into "secrets"; then replace the secret',
            )
    for name in sorted(set(names)):
        if not any(re.fullmatch(rf"[A-Z_]+_{slug.upper()}(_[A-Z_]+)?", name) for slug in _slugs()):
            yield Finding(
                f"{name} in main.parameters.json is no setting of a partner",
                f"expected a name that ends in one of {', '.join(slug.upper() for slug in _slugs())}",
            )
        if names.count(name) > 1:
            yield Finding(f"{name} stands {names.count(name)} times in main.parameters.json", "name it once")


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


def _partners(deployment: Deployment) -> list[dict[str, Any]]:
    given = deployment.parameters.get("partners")
    return [each for each in given if _is_partner(each)] if isinstance(given, list) else []


def secrets(deployment: Deployment) -> Iterator[Finding]:
    """Every secret a partner's setting names is in the vault: the app does not start without it."""
    listed = [name for each in _partners(deployment) for name in each["secrets"]]
    wanted = sorted(name.lower().replace("_", "-") for name in listed)
    vault = deployment.value("AZURE_KEY_VAULT_NAME")
    if wanted and not vault:
        yield Finding(
            "main.parameters.json names partners' secrets, and there is no vault yet to hold them",
            'deploy once with "partners": { "value": [] }, put the secrets into the vault, then name them',
        )
    elif wanted:
        try:
            present = deployment.az("keyvault", "secret", "list", "--vault-name", vault, "--query", "[].name")
        except AzError as error:
            yield Finding(
                f"the vault {vault} does not tell its secrets: {error}",
                "from outside a private network let this machine in until the next deployment: "
                f"az keyvault update --name {vault} --public-network-access Enabled, then: "
                f"az keyvault network-rule add --name {vault} --ip-address <its public address>",
            )
            return
        for name in sorted(set(wanted) - set(present)):
            yield Finding(
                f"the vault {vault} has no secret {name}",
                f"az keyvault secret set --vault-name {vault} --name {name} --file <file with it alone>",
            )


def break_glass(deployment: Deployment) -> Iterator[Finding]:
    """The group Conditional Access never blocks is there and has members, where it is named."""
    group = deployment.value("BREAK_GLASS_GROUP")
    remedy = "azd env set BREAK_GLASS_GROUP <object id of the group with your emergency accounts>"
    if not group:
        return
    if not GUID.fullmatch(group):
        yield Finding(f"BREAK_GLASS_GROUP is {group!r}, which is no object id", remedy)
        return
    try:
        members = deployment.az("ad", "group", "member", "list", "--group", group, "--query", "[].id")
    except AzError:
        yield Finding(f"there is no break-glass group {group}", remedy)
        return
    if not members:
        yield Finding(f"the break-glass group {group} has no members", "add your emergency accounts to it")


CHECKS: tuple[Check, ...] = (
    names,
    limits,
    region,
    network,
    warm,
    providers,
    rights,
    taken,
    standing,
    starts,
    words,
    partners,
    secrets,
    break_glass,
)


def main() -> int:
    """Tell every finding; 0 where there is none."""
    missing = [f"{tool} is missing\n    {where}" for tool, where in TOOLS.items() if not shutil.which(tool)]
    if missing:
        return _told(missing)
    try:
        _az("account", "show")
    except AzError:
        return _told(["nobody is signed in to Azure\n    az login, and azd auth login"])
    try:
        parameters = _parameters()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        expected = 'expected {"parameters": {"<name>": {"value": …}}}'
        return _told([f"infra/main.parameters.json cannot be read: {error}\n    {expected}"])
    deployment = Deployment(environment(), parameters, _az)
    found: list[str] = []
    for check in CHECKS:
        try:
            found += [f"{each.problem}\n    {each.remedy}" for each in check(deployment)]
        except AzError as error:
            found.append(f"{check.__name__} could not be checked\n    {error}")
    return _told(found)


def environment() -> dict[str, str]:
    """The values of the azd environment, which come before the shell's own, as in a deployment."""
    ended = _run([shutil.which("azd") or "azd", "env", "get-values"])
    lines = (line.partition("=") for line in ended.stdout.splitlines() if "=" in line)
    values = {name: value.strip().strip('"') for name, _, value in lines} if not ended.returncode else {}
    return {**os.environ, **values}


def _parameters() -> dict[str, object]:
    document = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))
    return {name: each["value"] for name, each in document["parameters"].items()}


def _az(*arguments: str) -> Any:
    ended = _run([shutil.which("az") or "az", *arguments, "--output", "json"])
    if ended.returncode:
        raise AzError(ended.stderr.strip().splitlines()[-1] if ended.stderr.strip() else "az failed")
    try:
        return json.loads(ended.stdout or "null")
    except ValueError:
        raise AzError(f"az {arguments[0]} answered something that is no JSON") from None


def _run(
    command: list[str], environment: "Mapping[str, str] | None" = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=False, cwd=INFRA.parent, env=environment
    )


def _told(found: list[str]) -> int:
    if not found:
        sys.stdout.write("preflight: nothing stands in the way\n")
        return 0
    lines = [f"  {number}. {text}" for number, text in enumerate(found, 1)]
    sys.stderr.write("\n".join(["preflight: not deployed yet, because", *lines]) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
