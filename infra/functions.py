"""The app's functions as the Functions host indexes them, and the groups it scales them by."""

import functools
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from infra.preflight.deployment import INFRA


@dataclass(frozen=True)
class Function:
    """One function of the app: its trigger as the host gets it."""

    name: str
    trigger: dict[str, Any]


@functools.cache
def functions() -> dict[str, Function]:
    """Every function by its name, asked in a process of its own: indexing reads settings once."""
    asked = (
        "import json; from function_app import app; "
        "print(json.dumps({f.get_function_name(): f.get_trigger().get_dict_repr() "
        "for f in app.get_functions()}, default=str))"
    )
    command = [sys.executable, "-c", asked]
    ended = subprocess.run(  # noqa: S603 - our own words
        command, cwd=INFRA.parent, capture_output=True, text=True, check=True, env={"PATH": ""}
    )
    return {name: Function(name, trigger) for name, trigger in json.loads(ended.stdout).items()}


def groups() -> list[str]:
    """How Flex Consumption scales them: all that HTTP triggers together as `http`, every other one by itself.

    ("Event-driven scaling in Azure Functions", per-function scaling; the app has none of the kinds of trigger
    that share the other two groups, Durable Functions and blobs by Event Grid.)
    """
    return sorted(
        {"http" if each.trigger["type"] == "httpTrigger" else each.name for each in functions().values()}
    )
