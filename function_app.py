"""The function app: every room's blueprint, and nothing else."""

import azure.functions as func

from evaluate_risk.blueprint import bp as evaluate_risk
from ingest_threat.blueprint import bp as ingest_threat
from serve_console.blueprint import bp as serve_console
from sync_inventory.blueprint import bp as sync_inventory

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for blueprint in (ingest_threat, evaluate_risk, sync_inventory, serve_console):
    app.register_functions(blueprint)
