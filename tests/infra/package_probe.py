"""Run by Python 3.13 on the built package alone: sync with Graph, list the devices, print what came of it."""

import asyncio
import json
import os
import pathlib
import sys

import azure.functions as func
import msgraph
import pydantic_core

import function_app
from shared.services import services
from sync_inventory.run import sync


def _without_bytecode() -> list[str]:
    """Loaded modules of the package whose bytecode is not in it, or was not taken."""
    ours = {
        name: module
        for name, module in sys.modules.items()
        if _file(module).startswith(str(pathlib.Path.cwd()))
    }
    return [name for name, module in ours.items() if not pathlib.Path(module.__cached__ or "none").exists()]


def _file(module: object) -> str:
    file = getattr(module, "__file__", None) or ""
    return file if file.endswith(".py") else ""


async def main() -> None:
    run = await sync(services())
    functions = {str(each.get_function_name()): each for each in function_app.app.get_functions()}
    key = {"X-Api-Key": os.environ["READ_KEY_PROBE"]}
    listing = func.HttpRequest("GET", "/api/devices", headers=key, body=b"")
    answer = await functions["list_devices"].get_user_function()(listing)
    await services().close()
    if run is None:
        sys.exit("another run holds the lease")
    found = {
        "functions": sorted(functions),
        "steps": {step.step: step.error for step in run.steps},
        "status": answer.status_code,
        "devices": json.loads(answer.get_body())["devices"],
        "compiled here": sorted(_without_bytecode()),
        "from": [function_app.__file__, msgraph.__file__, pydantic_core.__file__],
    }
    sys.stdout.write(json.dumps(found) + "\n")


asyncio.run(main())
