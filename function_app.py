"""The function app: every room's routes and triggers, and nothing else."""

import azure.functions as func

from evaluate_risk.blueprint import bp as evaluate_risk
from ingest_threat import routes as ingest_threat
from ingest_threat.start import check, warn
from poll_partners import routes as poll_routes
from poll_partners.blueprint import bp as poll_partners
from serve_console import routes as serve_console
from shared.route import register
from shared.settings import current
from sync_inventory.blueprint import bp as sync_inventory

ROUTES = (*ingest_threat.ROUTES, *serve_console.ROUTES, *poll_routes.ROUTES)
PARTNERS = "ingest_threat.intake:authenticate"
"""What authenticates a partner that calls."""

check(current())
warn(current())
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
for functions in (register(ROUTES, partners=PARTNERS), evaluate_risk, sync_inventory, poll_partners):
    app.register_functions(functions)
