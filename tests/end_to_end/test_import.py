"""What importing the app costs the host, which indexes every function at each cold start."""

import json
import subprocess
import sys

import pytest

from evaluate_risk import blueprint as evaluate_risk
from function_app import ROUTES
from sync_inventory import blueprint as sync_inventory
from tests.end_to_end.machine import ROOT

PROBE = """
import json, sys
import function_app
from pydantic import BaseModel

def kinds(base):
    return {base, *(kind for each in base.__subclasses__() for kind in kinds(each))}

built = [f"{each.__module__}.{each.__name__}" for each in kinds(BaseModel) if each.__pydantic_complete__]
print(json.dumps({"modules": sorted(sys.modules), "built": sorted(built)}))
"""
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
def indexed() -> dict[str, list[str]]:
    """What a process that has imported the app has loaded, and which models it has built."""
    ended = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(ended.stdout)
    return found


def test_importing_the_app_loads_no_sdk(indexed: dict[str, list[str]]) -> None:
    assert [heavy for heavy in HEAVY if heavy in indexed["modules"]] == []


def test_a_room_waits_for_a_request_or_a_trigger(indexed: dict[str, list[str]]) -> None:
    modules = set(indexed["modules"])
    assert {"ingest_threat.routes", "serve_console.routes", "evaluate_risk.blueprint"} <= modules
    named = {name for route in ROUTES for name in (route.handler, route.answer)}
    triggered = {
        evaluate_risk.EVALUATE,
        evaluate_risk.RETRY_PENDING,
        sync_inventory.SYNC,
        sync_inventory.CANARY,
    }
    assert sorted({name.partition(":")[0] for name in named | triggered} & modules) == []
    assert "shared.services" not in modules


def test_a_model_is_built_when_it_is_first_used(indexed: dict[str, list[str]]) -> None:
    ours = [
        name for name in indexed["built"] if name.startswith(("shared.", "ingest_threat.", "evaluate_risk."))
    ]
    assert ours == ["shared.domain.authentication.AuthenticationSettings", "shared.settings.Settings"]
