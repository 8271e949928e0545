"""Whether what is deployed is what the code needs, word for word. Each check returns its findings.

`folder` is infra/ or a copy of it with a seeded mistake; the code is always this project's.
"""

import json
import pathlib
import re
from collections.abc import Callable, Iterator

from shared.cosmos import CONTAINERS, DATABASE
from shared.errors import SettingsError
from shared.settings import read
from tests.infra import code
from tests.infra.bicep import BicepFile, Declaration, Expression, Value, bicep_files

ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "00000000-0000-0000-0000-000000000002": "Cosmos DB Built-in Data Contributor",
}
"""Ids as documented: "Azure built-in roles", and "Use data plane role-based access control" of Cosmos DB."""

PLATFORM = {
    "AzureWebJobsStorage__blobServiceUri": "the Functions host",
    "AzureWebJobsStorage__credential": "the Functions host",
    "AzureWebJobsStorage__clientId": "the Functions host",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "the Functions host",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "the Functions host",
    "AZURE_CLIENT_ID": "azure-identity, in the app",
}
"""Settings that somebody other than our code reads, and who."""

NEVER_SET = {"COSMOS": "a connection string: keys do not open the account"}
"""Settings the code knows that must not stand in a deployment, and why."""

TELLING = {
    "Microsoft.DocumentDB/databaseAccounts": {"ControlPlaneRequests", "Requests"},
    "Microsoft.KeyVault/vaults": {"AuditEvent", "AllMetrics"},
    "Microsoft.Network/networkSecurityGroups": {"NetworkSecurityGroupEvent"},
    "Microsoft.Network/virtualNetworks": {"AllMetrics"},
    "Microsoft.OperationalInsights/workspaces": {"Audit"},
    "Microsoft.Storage/storageAccounts": {"Transaction"},
    "Microsoft.Storage/storageAccounts/blobServices": {"StorageDelete"},
    "Microsoft.Web/sites": {"AllMetrics"},
}
"""Types that have logs or metrics to send, and which of their categories are sent, as Azure Monitor's
"Supported resource log categories" and "Supported metrics" spell them: another one is refused."""

OTHER_SOURCES = {
    "FEED_POLL_DELAY_MS": "string(feedPollDelay)",
    "ENTRA_AUTHORITY": "environment().authentication.loginEndpoint",
    "ADMIN_TENANT": "empty(adminAudience) ? '' : tenant().tenantId",
}
"""Settings that do not come from the parameter of their own name."""

OF_THE_TABLE = (
    *("id: entry.name", "entry.partitionKey", "kind: 'Hash'", "indexingMode: 'consistent'"),
    *("includedPaths: entry.indexed", "path: '/*'", "entry.ttl == 0 ? {} : {", "defaultTtl: entry.ttl"),
)
"""What makes a container out of its row of the table."""

FORBIDDEN = frozenset(
    {"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE", "COSMOS"}
)
"""Flex Consumption refuses the first three; the last would open the database by key."""

_CONTAINER_KEYS = ("containerName", "leaseContainerName")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SECRET = re.compile(r"[A-Z_]*(SECRETS|SHARED_KEYS)_[A-Z_]+")
_VARIABLE = re.compile(r"\$\{(\w+)(?:=([^}]*))?\}")


def settings(folder: pathlib.Path) -> list[str]:
    """Every setting the code reads is set, and every setting that is set is read by somebody."""
    read = code.settings_read()
    needed = (read.names | code.settings_of_bindings() | _connection_settings()) - NEVER_SET.keys()
    placed = settings_placed(folder)
    findings = [f"{name} is read by the code and not set" for name in sorted(needed - placed)]
    findings += [f"{name} is needed by the platform and not set" for name in sorted(PLATFORM.keys() - placed)]
    strangers = placed - needed - PLATFORM.keys() - FORBIDDEN
    findings += [f"{name} is set and nobody reads it" for name in sorted(strangers)]
    findings += [f"{name} must not be set" for name in sorted(placed & FORBIDDEN)]
    for name in sorted(placed):
        if any(name.startswith(prefix) for prefix in read.prefixes):
            findings.append(f"{name} is a partner's setting or a read key: it has a parameter of its own")
    return findings


def settings_placed(folder: pathlib.Path) -> set[str]:
    """The names of all app settings but the partners'."""
    own = BicepFile(folder / "main.bicep").of("var")["settings"].value
    platform = BicepFile(folder / "modules" / "function-app.bicep").of("var")["platformSettings"].value
    return set(_object(own)) | {str(_object(each)["name"]) for each in _list(platform)}


def limits(folder: pathlib.Path) -> list[str]:
    """What main.bicep takes for a setting, and its default, are what the code takes."""
    main = BicepFile(folder / "main.bicep")
    declared = main.of("param")
    findings = []
    for setting, value in _object(main.of("var")["settings"].value).items():
        given = re.fullmatch(r"(?:string\()?(\w+)\)?", value.text) if isinstance(value, Expression) else None
        if given and given[1] in declared and setting in code.settings_read().names:
            findings += [f"{setting}: {finding}" for finding in _limits(setting, declared[given[1]])]
    return findings


def _limits(setting: str, parameter: Declaration) -> Iterator[str]:
    default = _as_text(parameter.value)
    if read({setting: default}) != read({}):
        yield f"the default {default!r} is not the code's"
    allowed = parameter.decorators.get("allowed")
    taken = [str(each) for each in allowed] if isinstance(allowed, list) else []
    beyond = []
    for bound, step in (("minValue", -1), ("maxValue", 1)):
        limit = parameter.decorators.get(bound)
        if isinstance(limit, int):
            taken.append(str(limit))
            beyond.append(str(limit + step))
    if parameter.target == "int" and len(beyond) != 2:
        yield "a number without limits"
    yield from (f"main.bicep takes {text}, the code does not" for text in taken if _refused(setting, text))
    yield from (
        f"the code takes {text}, main.bicep does not" for text in beyond if not _refused(setting, text)
    )


def sources(folder: pathlib.Path) -> list[str]:
    """Each setting comes from the parameter of its own name: TAG_ALL from tagAll."""
    findings = []
    for setting, value in _object(BicepFile(folder / "main.bicep").of("var")["settings"].value).items():
        parameter = re.sub(r"_([a-z])", lambda letter: letter[1].upper(), setting.lower())
        right = {OTHER_SOURCES.get(setting, parameter)} | {f"string({parameter})"}
        given = value.text if isinstance(value, Expression) else str(value)
        if given not in right:
            findings.append(f"{setting} comes from {given}")
    return findings


def _refused(setting: str, text: str) -> bool:
    try:
        read({setting: text})
    except SettingsError:
        return True
    return False


def _connection_settings() -> set[str]:
    """What a trigger's connection needs to open the database by the user-assigned identity."""
    connections = {
        each.trigger["connection"] for each in code.functions().values() if "connection" in each.trigger
    }
    return {
        f"{name}__{part}" for name in connections for part in ("accountEndpoint", "credential", "clientId")
    }


def app_settings_are_all_passed_on(folder: pathlib.Path) -> list[str]:
    """The function app gets the app's, the platform's and the partners' settings, and no literal secret."""
    text = (folder / "modules" / "function-app.bicep").read_text(encoding="utf-8")
    needed = (
        "platformSettings",
        "ownSettings",
        "flatten(partnerSettings)",
        "secretSettings",
        "readKeySettings",
    )
    found = re.search(r"appSettings: concat\((.*)\)\n", text)
    passed = found[1] if found else ""
    findings = [f"appSettings lack {name}" for name in needed if name not in passed]
    if text.count("value: '@Microsoft.KeyVault(VaultName=") != 2:
        findings.append("partners' secrets and read keys are not references to the vault")
    return findings


def containers(folder: pathlib.Path) -> list[str]:
    """Names, partition keys, times to live and indexes are the code's; so is the database's name."""
    cosmos = BicepFile(folder / "modules" / "cosmos.bicep")
    declared = {str(each["name"]): each for each in map(_object, _list(cosmos.of("var")["containers"].value))}
    findings = [f"container {name} is not declared" for name in sorted(CONTAINERS.keys() - declared)]
    findings += [f"container {name} is not the code's" for name in sorted(declared.keys() - CONTAINERS)]
    if cosmos.of("var")["databaseName"].value != DATABASE:
        findings.append(f"the database is not called {DATABASE}")
    for name in sorted(CONTAINERS.keys() & declared.keys()):
        findings += _container(name, declared[name])
    made = _object(cosmos.of("resource")["container"].body["properties"])["resource"]
    text = made.text if isinstance(made, Expression) else ""
    return findings + [f"the containers are made without {part}" for part in OF_THE_TABLE if part not in text]


def _container(name: str, declared: dict[str, Value]) -> Iterator[str]:
    wanted = CONTAINERS[name]
    if declared["partitionKey"] != wanted.partition_key:
        yield f"partition key of {name} is {declared['partitionKey']}, the code's {wanted.partition_key}"
    if declared["ttl"] != (wanted.ttl or 0):
        yield f"time to live of {name} is {declared['ttl']}, the code's {wanted.ttl or 0}"
    indexed = {str(_object(each)["path"]) for each in _list(declared["indexed"])}
    queried = {f"/{name.replace('.', '/')}/?" for name in code.fields_queried()[name]}
    for path in sorted(queried - indexed):
        yield f"{name} is queried by {path}, which is not indexed"
    for path in sorted(indexed - queried):
        yield f"{name} indexes {path}, which no query uses"


def triggers(folder: pathlib.Path) -> list[str]:
    """What triggers name is there, containers and leases; nobody asks a trigger to create its leases."""
    cosmos = BicepFile(folder / "modules" / "cosmos.bicep")
    rows = [_object(each) for each in _list(cosmos.of("var")["containers"].value)]
    names = {str(each["name"]): each["partitionKey"] for each in rows}
    findings = []
    for each in code.functions().values():
        asked = {str(each.trigger[key]) for key in _CONTAINER_KEYS if key in each.trigger}
        findings += [f"{each.name}: there is no container {name}" for name in sorted(asked - names.keys())]
        lease = each.trigger.get("leaseContainerName")
        if lease is not None and names.get(str(lease)) != "/id":
            findings.append(f"{each.name}: the leases' partition key is not /id")
        if each.trigger.get("createLeaseContainerIfNotExists"):
            findings.append(f"{each.name}: by identity a trigger cannot create its leases")
    for path in bicep_files(folder):
        for text, line in BicepFile(path).texts():
            name = text.removeprefix("function:")
            if text.startswith("function:") and name not in code.functions():
                findings.append(f"{path.name}:{line}: there is no function {name}")
    return findings


def roles(folder: pathlib.Path) -> list[str]:
    """Every id in a Bicep file is a documented role's, and the comment above it names the role."""
    findings, seen = [], set()
    for path in bicep_files(folder):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            for guid in _GUID.findall(line):
                seen.add(guid)
                where = f"{path.name}:{number + 1}"
                if guid not in ROLES:
                    findings.append(f"{where}: {guid} is no documented role's id")
                elif ROLES[guid] not in lines[number - 1]:
                    findings.append(f"{where}: {guid} is {ROLES[guid]}; the line above does not say so")
    return findings + [f"{ROLES[guid]} is given to nobody" for guid in sorted(ROLES.keys() - seen)]


def parameters_file(folder: pathlib.Path) -> list[str]:
    """main.parameters.json gives what main.bicep asks for, with the same defaults."""
    asked = BicepFile(folder / "main.bicep").of("param")
    given = parameters_given(folder)
    findings = [f"main.parameters.json does not give {name}" for name in sorted(asked.keys() - given.keys())]
    findings += [f"main.bicep has no parameter {name}" for name in sorted(given.keys() - asked.keys())]
    for name in sorted(asked.keys() & given.keys()):
        value, default = given[name], asked[name].value
        match = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
        if match is not None and match[2] is not None and match[2] != _as_text(default):
            findings.append(
                f"{name}: default {match[2]!r} in main.parameters.json, {_as_text(default)!r} in Bicep"
            )
    return findings + list(_given_partners(given.get("partners")))


def parameters_given(folder: pathlib.Path) -> dict[str, object]:
    """The values of main.parameters.json by parameter."""
    document = json.loads((folder / "main.parameters.json").read_text(encoding="utf-8"))
    return {name: each["value"] for name, each in document["parameters"].items()}


def _given_partners(given: object) -> Iterator[str]:
    """A partner's settings are known, end in a known partner's slug, and no secret stands in the open."""
    prefixes, slugs = code.settings_read().prefixes, [slug.upper() for slug in code.partners()]
    for partner in given if isinstance(given, list) else []:
        plain = [setting["name"] for setting in partner["settings"]]
        for name in [*plain, *partner["secrets"]]:
            known = any(name.startswith(prefix) and any(s in name for s in slugs) for prefix in prefixes)
            if not known:
                yield f"partners: {name} is no setting of a partner"
        for name in plain:
            if _SECRET.fullmatch(name):
                yield f"partners: {name} is a secret and stands in the open"


def environments(folder: pathlib.Path) -> list[str]:
    """What an environment sets is what main.parameters.json takes."""
    taken = set(_VARIABLE.findall((folder / "main.parameters.json").read_text(encoding="utf-8")))
    names = {name for name, _ in taken}
    findings = []
    for path in sorted((folder / "environments").glob("*.env")):
        for line in path.read_text(encoding="utf-8").splitlines():
            name = line.partition("=")[0]
            if line and not line.startswith("#") and name not in names:
                findings.append(f"{path.name}: main.parameters.json takes no {name}")
    return findings


def diagnostics(folder: pathlib.Path) -> list[str]:
    """Everything that can tell what happens to it tells Log Analytics, all that is wanted of it."""
    findings = []
    for path in bicep_files(folder):
        file = BicepFile(path)
        told: dict[str, set[str]] = {}
        for each in file.resources("Microsoft.Insights/diagnosticSettings"):
            scope = each.body["scope"]
            told[scope.text if isinstance(scope, Expression) else ""] = _sent(each)
        for each in file.of("resource").values():
            wanted = TELLING.get(each.target.split("@")[0], set()) if not each.existing else set()
            where = f"{path.name}:{each.line}: {each.name}"
            if wanted and each.name not in told:
                findings.append(f"{where} has no diagnostic settings")
            elif told.get(each.name, wanted) != wanted:
                findings.append(f"{where} sends {sorted(told[each.name])}, not {sorted(wanted)}")
    return findings


def _sent(setting: Declaration) -> set[str]:
    """The categories a diagnostic setting sends to the workspace."""
    properties = _object(setting.body["properties"])
    workspace = properties.get("workspaceId")
    if not isinstance(workspace, Expression) or workspace.text not in {"workspaceId", "workspace.id"}:
        return set()
    rows = [_object(row) for kind in ("logs", "metrics") for row in _list(properties.get(kind, []))]
    return {str(row["category"]) for row in rows if row["enabled"] is True}


def _as_text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _object(value: Value) -> dict[str, Value]:
    assert isinstance(value, dict)
    return value


def _list(value: Value) -> list[Value]:
    assert isinstance(value, list)
    return value


CHECKS: tuple[Callable[[pathlib.Path], list[str]], ...] = (
    settings,
    limits,
    sources,
    app_settings_are_all_passed_on,
    containers,
    triggers,
    roles,
    parameters_file,
    environments,
    diagnostics,
)
