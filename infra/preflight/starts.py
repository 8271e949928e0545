"""The app's own word on the settings it is to have."""

import sys
from collections.abc import Iterator

from infra.preflight.deployment import INFRA, Deployment, Obstacle
from infra.preflight.limits import limits
from infra.preflight.outside import run
from infra.preflight.partners import named_partners
from infra.recorded import app

APP_REFUSES = 3
"""How `python -m infra.preflight.app_settings` ends where the app would not start."""


def starts(deployment: Deployment) -> Iterator[Obstacle]:
    """The app would start with these settings. It is asked itself, once its libraries are there and every
    value keeps to its limits, which are reported already."""
    if any(limits(deployment)):
        return
    names = [each["name"] for each in app()["properties"]["siteConfig"]["appSettings"]]
    settings = {name: deployment.value(name) for name in names}
    if settings["ADMIN_AUDIENCE"]:
        settings["ADMIN_TENANT"] = deployment.az("account", "show")["tenantId"]
    for partner in named_partners(deployment):
        settings |= {each["name"]: each["value"] for each in partner["settings"]}
    python = INFRA.parent / ".venv" / "bin" / "python"
    command = [str(python if python.exists() else sys.executable), "-m", "infra.preflight.app_settings"]
    ended = run(command, environment=settings)
    if ended.returncode == APP_REFUSES:
        yield Obstacle(
            f"the app would not start: {ended.stdout.strip()}",
            "azd env set <name> <value>, or infra/main.parameters.json for a partner's",
        )
