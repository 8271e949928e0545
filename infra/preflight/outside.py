"""The machine it runs on: azd's environment, the parameters file, and the Azure CLI."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from infra.preflight.deployment import INFRA, AzError

TOOLS = {
    "az": "the Azure CLI: https://learn.microsoft.com/cli/azure/install-azure-cli",
    "azd": "the Azure Developer CLI: https://learn.microsoft.com/azure/developer/azure-developer-cli/install-azd",
}


def azd_values() -> dict[str, str]:
    """The values of the azd environment."""
    ended = run([shutil.which("azd") or "azd", "env", "get-values"])
    lines = (line.partition("=") for line in ended.stdout.splitlines() if "=" in line)
    return {name: value.strip().strip('"') for name, _, value in lines} if not ended.returncode else {}


def parameters() -> dict[str, object]:
    document = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))
    return {name: each["value"] for name, each in document["parameters"].items()}


def az(*arguments: str) -> Any:
    ended = run([shutil.which("az") or "az", *arguments, "--output", "json"])
    if ended.returncode:
        raise AzError(ended.stderr.strip().splitlines()[-1] if ended.stderr.strip() else "az failed")
    try:
        return json.loads(ended.stdout or "null")
    except ValueError:
        raise AzError(f"az {arguments[0]} answered something that is no JSON") from None


def run(
    command: list[str], environment: "Mapping[str, str] | None" = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=False, cwd=INFRA.parent, env=environment
    )
