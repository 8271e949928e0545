"""Everything that has something to log sends it to Log Analytics. Each check returns its findings."""

from collections.abc import Iterator

from tests.infra.promises.wired import WORKSPACE
from tests.infra.snapshots import Environment, Snapshots

SENT = {
    "Microsoft.DocumentDB/databaseAccounts": {"ControlPlaneRequests", "Requests"},
    "Microsoft.KeyVault/vaults": {"AuditEvent", "AllMetrics"},
    "Microsoft.Network/networkSecurityGroups": {"NetworkSecurityGroupEvent"},
    "Microsoft.Network/virtualNetworks": {"AllMetrics"},
    "Microsoft.OperationalInsights/workspaces": {"Audit"},
    "Microsoft.Storage/storageAccounts": {"Transaction"},
    "Microsoft.Storage/storageAccounts/blobServices": {"StorageDelete"},
    "Microsoft.Web/sites": {"AllMetrics"},
}
"""Types that have logs or metrics, and which of their categories are sent, as Azure Monitor's "Supported
resource log categories" and "Supported metrics" spell them: another one is refused."""

_SETTING = "/providers/Microsoft.Insights/diagnosticSettings/"


def diagnostics(snapshots: Snapshots) -> Iterator[str]:
    """Every resource of a type in SENT sends exactly those categories, to this deployment's workspace."""
    for environment in snapshots:
        sent = _sent(environment)
        for resource in environment.resources:
            wanted = SENT.get(resource.type)
            if wanted is not None and sent.get(resource.id, set()) != wanted:
                yield f"{resource} sends {sorted(sent.get(resource.id, set()))}, not {sorted(wanted)}"


def _sent(environment: Environment) -> dict[str, set[str]]:
    sent: dict[str, set[str]] = {}
    for setting in environment.of("Microsoft.Insights/diagnosticSettings"):
        if setting.at("properties.workspaceId") == environment.one(WORKSPACE).id:
            rows = [*(setting.at("properties.logs") or ()), *(setting.at("properties.metrics") or ())]
            sent[setting.id.partition(_SETTING)[0]] = {row["category"] for row in rows if row["enabled"]}
    return sent


CHECKS = (diagnostics,)
