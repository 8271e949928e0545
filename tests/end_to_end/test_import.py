"""What importing the app costs the host, which indexes every function at each cold start."""

import pytest

from benchmarks.indexing import APP, Indexed, indexed
from benchmarks.quick import CONFIGURED
from evaluate_risk import blueprint as evaluate_risk
from function_app import ROUTES
from poll_partners import blueprint as poll_partners
from sync_inventory import blueprint as sync_inventory

HEAVY = (
    "msgraph",
    "msgraph_core",
    "kiota_http",
    "kiota_abstractions",
    "azure.identity",
    "azure.cosmos",
    "aiohttp",
    "httpx",
    "jwt",
    "cryptography",
)


@pytest.fixture(scope="module")
def app() -> Indexed:
    """A process that has imported the app."""
    return indexed(APP)


def test_importing_the_app_loads_no_sdk(app: Indexed) -> None:
    assert [heavy for heavy in HEAVY if heavy in app.modules] == []


def test_a_room_waits_for_a_request_or_a_trigger(app: Indexed) -> None:
    modules = set(app.modules)
    assert {"ingest_threat.routes", "serve_console.routes", "evaluate_risk.blueprint"} <= modules
    named = {name for route in ROUTES for name in (route.handler, route.answer)}
    triggered = {
        evaluate_risk.EVALUATE,
        evaluate_risk.RETRY_PENDING,
        sync_inventory.SYNC,
        sync_inventory.CANARY,
        poll_partners.POLL,
    }
    assert sorted({name.partition(":")[0] for name in named | triggered} & modules) == []
    assert "shared.services" not in modules


def test_a_model_is_built_when_it_is_first_used(app: Indexed) -> None:
    assert set(app.built) == CONFIGURED
