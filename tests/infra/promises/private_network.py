"""With a private network there is no other way to what is stored, and that way leads there.

Each check returns its findings.
"""

from collections.abc import Iterator

from infra.snapshot import EVERYTHING_ON
from tests.infra.promises.wired import ACCOUNT, APP, STORAGE, VAULT
from tests.infra.snapshots import PRIVATE, Environment, Resource, Snapshots

NETWORK, ENDPOINTS = "Microsoft.Network/virtualNetworks", "Microsoft.Network/privateEndpoints"
RULES, ZONES = "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/privateDnsZones"
WAYS = {
    STORAGE: ("blob", "privatelink.blob."),
    ACCOUNT: ("Sql", "privatelink.documents.azure.com"),
    VAULT: ("vault", "privatelink.vaultcore.azure.net"),
}
"""What is reached privately: by which group, and by the zone of which name ("Azure Private Endpoint private
DNS zone values"); storage's ends in what the cloud is called."""


def doors(snapshots: Snapshots) -> Iterator[str]:
    """Storage, database and vault take no public address then; the vault takes those that are named."""
    for environment in snapshots:
        closed = environment.name in PRIVATE
        for type_ in WAYS:
            resource = environment.one(type_)
            named = type_ == VAULT and environment.name == EVERYTHING_ON
            wanted = "Disabled" if closed and not named else "Enabled"
            if resource.at("properties.publicNetworkAccess") != wanted:
                yield f"{resource}: public network access is not {wanted}"
            acls = resource.at("properties.networkAcls.defaultAction")
            if acls not in {None, "Deny" if closed else "Allow"}:
                yield f"{resource}: a public address that no rule names meets {acls}"


def ways(snapshots: Snapshots) -> Iterator[str]:
    """Each of the three has an endpoint in the endpoints' subnet, where its name leads from the network."""
    for environment in snapshots:
        endpoints = environment.of(ENDPOINTS)
        if environment.name not in PRIVATE:
            yield from (f"{each} is made for nobody" for each in endpoints)
            continue
        for type_, (group, zone) in WAYS.items():
            yield from (f"{environment.name}: {each}" for each in _way(environment, type_, group, zone))


def _way(environment: Environment, type_: str, group: str, zone: str) -> Iterator[str]:
    connection = "properties.privateLinkServiceConnections.0.properties"
    target = environment.one(type_).id
    found = [e for e in environment.of(ENDPOINTS) if e.at(f"{connection}.privateLinkServiceId") == target]
    if len(found) != 1:
        yield f"{len(found)} private endpoints lead to {type_}"
        return
    [endpoint] = found
    if endpoint.at(f"{connection}.groupIds") != [group]:
        yield f"the endpoint of {type_} is not for {group}"
    if endpoint.at("properties.subnet.id") != f"{environment.one(NETWORK).id}/subnets/endpoints":
        yield f"the endpoint of {type_} is not in the endpoints' subnet"
    zones = [each.id for each in environment.of(ZONES) if zone in str(each.row["name"])]
    registered = [
        each.at("properties.privateDnsZoneConfigs.0.properties.privateDnsZoneId")
        for each in environment.of(f"{ENDPOINTS}/privateDnsZoneGroups")
        if str(each.row["name"]).startswith(f"{endpoint.name}/")
    ]
    if registered != zones or len(zones) != 1:
        yield f"the endpoint of {type_} is not registered in {zone}"
    linked = [
        each for each in environment.of(f"{ZONES}/virtualNetworkLinks") if zone in str(each.row["name"])
    ]
    if [each.at("properties.virtualNetwork.id") for each in linked] != [environment.one(NETWORK).id]:
        yield f"the network does not ask {zone}"


def network(snapshots: Snapshots) -> Iterator[str]:
    """The app runs in a subnet delegated to it; the endpoints' takes HTTPS from the network alone."""
    for environment in snapshots:
        subnet = environment.one(APP).at("properties.virtualNetworkSubnetId")
        if environment.name not in PRIVATE:
            if subnet is not None or environment.of(NETWORK):
                yield f"{environment.name} has a network"
            continue
        made = environment.one(NETWORK)
        subnets = {each["name"]: each["properties"] for each in made.at("properties.subnets")}
        if subnet != f"{made.id}/subnets/app":
            yield f"{environment.name}: the app does not run in its subnet"
        delegated = [each["properties"]["serviceName"] for each in subnets["app"].get("delegations", ())]
        if delegated != ["Microsoft.App/environments"]:
            yield f"{environment.name}: the app's subnet is delegated to {delegated}"
        rules = environment.one(RULES)
        if subnets["endpoints"].get("networkSecurityGroup", {}).get("id") != rules.id:
            yield f"{environment.name}: the endpoints' subnet has no rules"
        yield from (f"{environment.name}: {finding}" for finding in _rules(rules))


def _rules(rules: Resource) -> Iterator[str]:
    inbound = sorted(rules.at("properties.securityRules"), key=lambda each: each["properties"]["priority"])
    said = [
        (
            each["properties"]["access"],
            each["properties"]["sourceAddressPrefix"],
            each["properties"]["destinationPortRange"],
        )
        for each in inbound
    ]
    if said != [("Allow", "VirtualNetwork", "443"), ("Deny", "*", "*")]:
        yield f"the rules of the endpoints' subnet are {said}"


CHECKS = (doors, ways, network)
