"""Names of what is loaded on first use: `room.module:name`, as rows of routes and functions of triggers have
them.

The host loads the app to index it, at every cold start and for whichever function: that costs no room, and no
more of the app is ever loaded than what is called needs.
"""

import importlib
from typing import Any


def resolve(name: str) -> Any:
    """What `room.module:name` names; its module is loaded by the first who asks."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


async def run(name: str, *arguments: object) -> None:
    """Run the coroutine function `name` with the services of this process and `arguments`, as triggers do."""
    await resolve(name)(resolve("shared.services:services")(), *arguments)
