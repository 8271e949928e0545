"""The pages of Intune's managed devices, read over HTTP in a process of its own.

    python -m benchmarks.reading ours|typed

Prints, as JSON, how many devices they were, the seconds of CPU for those beyond the first page, and the most
memory the process ever had. `ours` is what the sync does with them; `typed` the models of msgraph-sdk, asked
for the same fields.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from benchmarks.peak import peak_bytes
from benchmarks.tenant import MANAGED_PAGE
from shared.graph.client import TIMEOUT_SECONDS
from shared.graph.wire import ManagedDeviceAnswer
from shared.services import Services
from shared.settings import read
from sync_inventory.devices.facts import Record, record


def main() -> None:
    print(json.dumps(asyncio.run(_read({"ours": _ours, "typed": _typed}[sys.argv[1]]()))))


async def _read(devices: AsyncIterator[object]) -> dict[str, float]:
    count, begun = 0, 0.0
    async for _ in devices:
        count += 1
        if count == MANAGED_PAGE:  # what is loaded for the first does not count
            begun = time.process_time()
    return {"devices": count, "cpu": time.process_time() - begun, "peak_bytes": peak_bytes()}


async def _ours() -> AsyncIterator[Record]:
    services = Services.of(read(os.environ))
    try:
        async for answer in services.graph.managed_devices():
            yield record(answer)
    finally:
        await services.close()


async def _typed() -> AsyncIterator[Any]:
    from azure.identity.aio import DefaultAzureCredential
    from httpx import AsyncClient, AsyncHTTPTransport
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.device_management.managed_devices.managed_devices_request_builder import (
        ManagedDevicesRequestBuilder,
    )
    from msgraph_core import GraphClientFactory

    base = os.environ["GRAPH_BASE_URL"]
    where = urlsplit(base)
    fields = [field.alias or name for name, field in ManagedDeviceAnswer.model_fields.items()]
    query = ManagedDevicesRequestBuilder.ManagedDevicesRequestBuilderGetQueryParameters(
        select=fields, top=MANAGED_PAGE
    )
    async with DefaultAzureCredential() as credential, AsyncHTTPTransport() as transport:
        scopes, hosts = [f"{where.scheme}://{where.netloc}/.default"], [where.hostname or ""]
        adapter = GraphRequestAdapter(
            AzureIdentityAuthenticationProvider(credential, scopes=scopes, allowed_hosts=hosts),
            GraphClientFactory.create_with_default_middleware(
                client=AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS)
            ),
        )
        adapter.base_url = base
        managed: Any = GraphServiceClient(request_adapter=adapter).device_management.managed_devices
        page = await managed.get(RequestConfiguration(query_parameters=query))
        while page:
            for device in page.value:
                yield device
            following = page.odata_next_link
            page = await managed.with_url(following).get() if following else None


if __name__ == "__main__":
    main()
