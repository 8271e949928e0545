"""Values that Azure or the host would refuse, and the limits do not say."""

import ipaddress
import re
from collections.abc import Iterator

from infra.preflight.deployment import Deployment, Obstacle
from infra.preflight.partners import named_partners

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def names(deployment: Deployment) -> Iterator[Obstacle]:
    """The environment has a name and a region; both become part of what is created."""
    name = deployment.value("AZURE_ENV_NAME")
    if not name:
        remedy = "azd env new <name>, then: azd env set --file infra/environments/dev.env (or prod.env)"
        yield Obstacle("there is no environment", remedy)
    elif not re.fullmatch(r"[A-Za-z0-9]([\w.()-]{0,62}[\w()-])?", name):
        yield Obstacle(
            f"environment {name!r} cannot be part of a resource group's name",
            "at most 64 letters, digits, hyphens and underscores: azd env new <name>",
        )
    if not deployment.value("AZURE_LOCATION"):
        yield Obstacle("there is no region", "azd env set AZURE_LOCATION <region>, for instance westeurope")
    token = deployment.value("RESOURCE_TOKEN")
    if token and not re.fullmatch(r"[a-z0-9]{5,13}", token):
        yield Obstacle(
            f"RESOURCE_TOKEN is {token!r}",
            "expected 5 to 13 lower-case letters and digits, because storage and vault allow no more",
        )


def words(deployment: Deployment) -> Iterator[Obstacle]:
    """What Azure or the host would refuse, and the limits do not say."""
    client = deployment.value("EASY_AUTH_CLIENT_ID")
    if client and not GUID.fullmatch(client):
        yield Obstacle(
            f"EASY_AUTH_CLIENT_ID is {client!r}", "expected the client id of an app registration, a GUID"
        )
    tenants = {
        each["name"]: each["value"] for partner in named_partners(deployment) for each in partner["settings"]
    }
    for name in sorted(tenants) if client else []:
        own = deployment.az("account", "show")["tenantId"]
        if name.startswith("ENTRA_TENANT_") and tenants[name].strip().lower() != own:
            yield Obstacle(
                f"{name} is another tenant, whose tokens EASY_AUTH_CLIENT_ID keeps out",
                "azd env set EASY_AUTH_CLIENT_ID '' (the app checks every token itself)",
            )
    email = deployment.value("ALERT_EMAIL")
    if email and not re.fullmatch(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+", email):
        yield Obstacle(
            f"ALERT_EMAIL is {email!r}", "expected one address; a group's, where there are several people"
        )
    throughput = deployment.value("COSMOS_MAXIMUM_THROUGHPUT")
    if throughput.isdigit() and int(throughput) % 1000:
        yield Obstacle(
            f"COSMOS_MAXIMUM_THROUGHPUT is {throughput!r}",
            "expected a multiple of 1000: Cosmos DB takes no other",
        )


def network(deployment: Deployment) -> Iterator[Obstacle]:
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
            yield Obstacle(f"{name} is {value!r}", f"expected a network of /27 or more, such as {default}")
    if len(subnets) == 2 and subnets[0].overlaps(subnets[1]):
        yield Obstacle("APP_SUBNET_PREFIX and ENDPOINT_SUBNET_PREFIX overlap", "give them networks apart")
    allowed = deployment.parameters.get("allowedAddresses")
    for address in allowed if isinstance(allowed, list) else []:
        try:
            ipaddress.IPv4Network(address)
        except ValueError:
            yield Obstacle(
                f"{address!r} in allowedAddresses of main.parameters.json is no address",
                "expected public ones, such as 203.0.113.7 or 203.0.113.0/28",
            )


def warm(deployment: Deployment) -> Iterator[Obstacle]:
    """No more instances are kept ready than there may be."""
    ready, most = deployment.value("ALWAYS_READY_INSTANCES"), deployment.value("MAXIMUM_INSTANCES")
    if ready.isdigit() and most.isdigit() and 2 * int(ready) > int(most):
        yield Obstacle(
            f"{ready} instances always ready for HTTP and as many for the change feed are more than "
            f"MAXIMUM_INSTANCES, {most}",
            f"azd env set MAXIMUM_INSTANCES {2 * int(ready)}, or more; or fewer ALWAYS_READY_INSTANCES",
        )
