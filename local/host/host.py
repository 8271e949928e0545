"""A host for a Python v2 function app in one process, for one machine.

Imitates the Azure Functions host as far as the app can see it: routes and keys of HTTP functions, timers by
NCRONTAB, the Cosmos DB change feed with its lease, retry policies, `%NAME%` in bindings, functions disabled
by `AzureWebJobs.<name>.Disabled`. Arguments and answers go through azure-functions' own converters (internal
modules: the version is pinned); parameters are checked as the Python worker checks them.

Leaves out: scale-out and what shares work between instances (blob locks, lease balancing), EasyAuth and Entra
tokens, the 230 s and functionTimeout limits, input and output bindings, other triggers, host.json apart from
the route prefix, Application Insights. Setting names are case-sensitive here.

Keys: FUNCTION and ADMIN routes ask for the setting LOCAL_FUNCTION_KEY in `x-functions-key` or `?code=`;
without the setting they answer 401. The real `func start` does not enforce keys on a developer's machine, so
this is stricter than that; it is no security either way.
"""

import asyncio
import logging
import pathlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
from aiohttp import web
from azure.core.exceptions import AzureError

from local.host.binding import CosmosTrigger, HttpTrigger, TimerTrigger, read_functions
from local.host.change_feed import ChangeFeed
from local.host.errors import HostError
from local.host.http import MAX_BODY, Front, read_route
from local.host.invocation import Failure, Invoker
from local.host.timers import Timer

log = logging.getLogger("local.host")
DISABLED_PREFIX = "AzureWebJobs."
PATIENCE = 10.0
"""Seconds `stop` waits for running invocations."""


def _now() -> datetime:
    return datetime.now(UTC)


def _is_disabled(name: str, settings: Mapping[str, str]) -> bool:
    """Whether a setting keeps a function from running, as in Azure ("How to disable functions")."""
    return settings.get(f"{DISABLED_PREFIX}{name}.Disabled", "").lower() in {"true", "1"}


class Host:
    """Serves one app, once: after `stop` make a new one.

    `state` is the folder in which timers remember their last run; None is memory. `clock` is the timers'.
    Raises HostError for an app or settings that cannot work.
    """

    def __init__(
        self,
        app: func.FunctionApp,
        *,
        settings: Mapping[str, str],
        host_json: Mapping[str, Any],
        state: pathlib.Path | None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._invoker = Invoker()
        self._timers: dict[str, Timer] = {}
        self._feeds: dict[str, ChangeFeed] = {}
        self._loops: list[asyncio.Task[None]] = []
        routes = []
        prefix = host_json.get("extensions", {}).get("http", {}).get("routePrefix", "api")
        for function in read_functions(app, settings):
            if _is_disabled(function.name, settings):
                continue
            match function.trigger:
                case HttpTrigger() as trigger:
                    routes.append(read_route(function, trigger, prefix=prefix))
                case TimerTrigger() as trigger:
                    timer = Timer(function, trigger, self._invoker, clock=clock, state=state)
                    self._timers[function.name] = timer
                case CosmosTrigger() as trigger:
                    self._feeds[function.name] = ChangeFeed(function, trigger, self._invoker)
        front = Front(
            routes,
            self._invoker,
            key=settings.get("LOCAL_FUNCTION_KEY", ""),
            start_timer=self._start_timer,
            body_limit=int(settings.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", MAX_BODY)),
        )
        self._web = front.application()

    @property
    def web(self) -> web.Application:
        """The HTTP functions and the admin endpoint; the caller mounts it."""
        return self._web

    @property
    def failures(self) -> list[Failure]:
        """The last thousand failures, oldest first."""
        return self._invoker.failures

    async def start(self) -> None:
        """Start timers and change feeds. Raises HostError where a container is missing.

        An account that does not answer yet is no reason to fail: its feed keeps trying.
        """
        opened = [self._open(name, feed) for name, feed in self._feeds.items()]
        for problem in await asyncio.gather(*opened, return_exceptions=True):
            if problem is not None:
                await self.stop()
                raise problem
        for timer in self._timers.values():
            timer.resume()
        for name, served in (self._timers | self._feeds).items():
            self._loops.append(asyncio.create_task(self._watch(name, served), name=f"host:{name}"))

    async def stop(self) -> None:
        """End the loops, wait a bounded time for what they called, and close connections."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._invoker.close(patience=PATIENCE)
        for feed in self._feeds.values():
            await feed.close()

    async def trigger(self, name: str) -> None:
        """Run timer function `name` once now and wait for it. Raises what the function raised."""
        if name not in self._timers:
            raise HostError(f"there is no timer function {name}")
        outcome = await self._invoker.spare(self._timers[name].once())
        if outcome.error is not None:
            raise outcome.error

    def _start_timer(self, name: str) -> bool:
        if name in self._timers:
            self._invoker.spare(self._timers[name].once())
        return name in self._timers

    async def _open(self, name: str, feed: ChangeFeed) -> None:
        try:
            await feed.open()
        except AzureError as error:
            log.warning("%s: Cosmos DB cannot be used yet: %s", name, error)

    async def _watch(self, name: str, served: Timer | ChangeFeed) -> None:
        try:
            await served.run()
        except Exception as error:  # noqa: BLE001 - the edge: the other functions go on
            self._invoker.failed(name, error)
