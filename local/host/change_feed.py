"""The Cosmos DB trigger: read the change feed with the real SDK, call the function, then move the lease.

One lease document covers the whole container: there is one host, so nothing is shared out or balanced, and
lease acquire, renew and expiration intervals have no meaning. The lease is the SDK's continuation token.
Unlike the real processor a feed that starts from now writes its lease at the first read, so that changes made
while the host is away are not lost.
"""

import asyncio
import contextlib
import json
import logging
from dataclasses import dataclass
from typing import Any, Literal

from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import CosmosResourceNotFoundError
from azure.functions.cosmosdb import CosmosDBTriggerConverter
from azure.functions.meta import Datum

from local.host.binding import CosmosTrigger, Function
from local.host.errors import HostError
from local.host.invocation import Invoker
from local.host.retry import RetryPolicy, with_retries
from local.host.settings import Account

log = logging.getLogger("local.host")
BACKOFF = RetryPolicy(max_retries=-1, first=0.25, longest=30)
"""Between fetches that fail; not the function's policy."""


@dataclass(frozen=True)
class Containers:
    source: ContainerProxy
    leases: ContainerProxy


class ChangeFeed:
    """Feeds one function, one batch at a time."""

    def __init__(self, function: Function, trigger: CosmosTrigger, invoker: Invoker) -> None:
        self._function = function
        self._trigger = trigger
        self._invoker = invoker
        self._clients = contextlib.AsyncExitStack()
        self._containers: Containers | None = None
        self._lease_id = f"{trigger.lease_prefix}{function.name}.{trigger.container}"
        self._continuation: str | None = None

    async def open(self) -> Containers:
        """Connect and take up the lease. Raises HostError for a missing container, or the SDK's errors."""
        trigger = self._trigger
        async with contextlib.AsyncExitStack() as clients:
            source = await _database(clients, trigger.account, trigger.database)
            leases = await _database(clients, trigger.lease_account, trigger.lease_database)
            if trigger.create_lease_container:
                await leases.create_container_if_not_exists(trigger.lease_container, PartitionKey("/id"))
            containers = Containers(
                await self._existing(source, trigger.container),
                await self._existing(leases, trigger.lease_container),
            )
            with contextlib.suppress(CosmosResourceNotFoundError):
                lease = await containers.leases.read_item(self._lease_id, self._lease_id)
                self._continuation = lease["continuation"]
            self._clients = clients.pop_all()
        self._containers = containers
        return containers

    async def run(self) -> None:
        """For ever; what fails between two invocations is logged, and tried again a little later."""
        failed = 0
        while True:
            try:
                containers = self._containers or await self.open()
                delivered = await self._next_batch(containers)
            except Exception as error:  # noqa: BLE001 - the edge: one feed's trouble is not the host's
                wait = BACKOFF.delay(failed)
                log.warning("%s: change feed, next try in %s s: %s", self._function.name, wait, error)
                failed += 1
            else:
                wait = 0 if delivered else self._trigger.poll_delay
                failed = 0
            await asyncio.sleep(wait)

    async def close(self) -> None:
        await self._clients.aclose()

    async def _next_batch(self, containers: Containers) -> bool:
        documents, continuation = await self._fetch(containers.source)
        if documents:
            await self._deliver(documents, continuation, containers.leases)
        elif self._continuation is None:
            await self._move_lease(continuation, containers.leases)
        self._continuation = continuation
        return bool(documents)

    async def _fetch(self, source: ContainerProxy) -> tuple[list[dict[str, Any]], str]:
        """The next page of changes and the continuation behind it: `max_items`, or more where one transaction
        made them."""
        size = self._trigger.max_items
        if self._continuation is not None:
            changes = source.query_items_change_feed(max_item_count=size, continuation=self._continuation)
        else:
            start: Literal["Beginning", "Now"] = "Beginning" if self._trigger.from_beginning else "Now"
            changes = source.query_items_change_feed(max_item_count=size, start_time=start)
        documents: list[dict[str, Any]] = []
        async for page in changes.by_page():
            documents = [document async for document in page]
            break
        return documents, source.client_connection.last_response_headers["etag"]

    async def _deliver(
        self, documents: list[dict[str, Any]], continuation: str, leases: ContainerProxy
    ) -> None:
        """Call the function until it succeeds or its retry policy gives up; either way the feed goes on."""
        batch = Datum(json.dumps(documents), "json")

        async def attempt(retry: int, previous: Exception | None) -> Exception | None:
            argument = CosmosDBTriggerConverter.decode(batch, trigger_metadata=None)
            outcome = await self._invoker.invoke(self._function, argument, retry=retry, previous=previous)
            if outcome.error is None or self._function.retry.is_last(retry):
                await self._move_lease(continuation, leases)
            return outcome.error

        await with_retries(
            self._function.retry, lambda retry, previous: self._invoker.spare(attempt(retry, previous))
        )

    async def _move_lease(self, continuation: str, leases: ContainerProxy) -> None:
        await leases.upsert_item({"id": self._lease_id, "continuation": continuation})

    async def _existing(self, database: DatabaseProxy, name: str) -> ContainerProxy:
        container = database.get_container_client(name)
        try:
            await container.read()
        except CosmosResourceNotFoundError as error:
            missing = f"container {name} does not exist in database {database.id}"
            raise HostError(f"function {self._function.name}: {missing}") from error
        return container


async def _database(clients: contextlib.AsyncExitStack, account: Account, name: str) -> DatabaseProxy:
    client = CosmosClient(account.endpoint, credential=account.key)
    clients.push_async_callback(client.close)  # first, for connecting may fail half-way
    await client.__aenter__()
    return client.get_database_client(name)
