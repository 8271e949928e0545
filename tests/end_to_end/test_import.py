"""What importing the app costs the host, which indexes every function at each cold start."""

import json
import subprocess
import sys

from function_app import ROUTES
from tests.end_to_end.machine import ROOT

PROBE = """
import json, sys, time
begun = time.perf_counter()
import function_app
print(json.dumps({"seconds": time.perf_counter() - begun, "modules": sorted(sys.modules)}))
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


def test_importing_the_app_loads_no_sdk() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(json.loads(ended.stdout)["modules"])
    assert {"ingest_threat.routes", "serve_console.routes"} <= modules
    handlers = {name.partition(":")[0] for route in ROUTES for name in (route.handler, route.answer)}
    assert sorted(handlers & modules - {"evaluate_risk.enforce"}) == [], "a route's room waits for a request"
    assert [heavy for heavy in HEAVY if heavy in modules] == []
