"""What vendors that are polled answer: every page, and every login."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest import mock

from poll_partners import client as client_module
from poll_partners.client import Client, Granted, VendorAnswer
from poll_partners.found import sources
from poll_partners.source import Asked, ByHttp, Roster, Source
from poll_partners.workspace import Workspace
from shared.domain.poll_settings import PollSettings
from shared.errors import SourceError
from shared.services import Services
from shared.settings import Settings
from tests.fuzz.rules_on_devices import NOW
from tests.fuzz.target import Target
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_row
from tests.ingest_threat.partners.messages_zimperium import zimperium_device
from tests.poll_partners.vendors import alert, central_event, event, threat

_Take = Callable[[Any], Awaitable[None]]
ALERTS = {"meta": {"total_count": 2, "next": "/more"}, "objects": [alert(1, NOW) | {"id": 1}]}
DEVICES = {
    "meta": {"total_count": 1, "next": None},
    "objects": [{"internal_id": 7, "risk": "0", "last_connection": "Mon, 02 Feb 2026 08:00:00 GMT"}],
}
EVENTS = {"events": [{**event(1, NOW), "oid": "00000001-a"}], "last_oid": "00000001-a"}
LISTED = {
    "count": 1,
    "devices": [
        {"oid": "1", "guid": "agent-1", "security_status": "SECURE", "updated_time": "2026-02-02T08:00:00Z"}
    ],
}
CENTRAL = {"items": [central_event(1, NOW)], "has_more": True, "next_cursor": "MQ=="}
MOBILES = {
    "items": [
        {
            "id": "agent-1",
            "healthState": {"state": "green"},
            "compliance": {"compliant": True},
            "os": {"platform": "ios"},
            "ixmAppLastSeenAt": "2026-02-02T08:00:00.000Z",
            "key": "device.serial-number",
            "value": "C02ABC001X",
        }
    ],
    "pages": {"current": 1, "total": 2, "items": 600},
}
"""It stands for a page of properties as well."""
STREAMED = f"id: 1\nevent: events\ndata: {json.dumps({'events': [event(1, NOW)]})}\n\n".encode()
THREATS = {"content": [threat(1, NOW), threat(2, NOW)], "last": False, "totalElements": 3, "sort": {}}
SCROLLED = {"content": [zimperium_device(teamId="team-1")], "scrollId": "DnF1/ZXJ+1==", "totalHits": 2}
SLOT = {"id": "agent-1", "serialNumber": "SERIAL1X", "lastSyncAt": "2026-02-02T08:00:00Z", "riskLevel": "low"}
ROWS = {
    "tables": [
        {
            "name": "PrimaryResult",
            "columns": [
                {"name": "TimeGenerated", "type": "datetime"},
                {"name": "threat", "type": "dynamic"},
                {"name": "mtd_ingested", "type": "string"},
            ],
            "rows": [["2026-02-02T08:00:00Z", '{"guid": "1"}', "2026-02-02T08:00:00.0000000Z"]],
        }
    ]
}
SAMPLES: Mapping[str, tuple[bytes, ...]] = {
    "checkpoint_harmony": (json.dumps(ALERTS).encode(), b'{"forceLogout": true}'),
    "checkpoint_harmony_devices": (json.dumps(DEVICES).encode(),),
    "lookout": (json.dumps(EVENTS).encode(),),
    "lookout_devices": (json.dumps(LISTED).encode(),),
    "lookout_stream": (STREAMED,),
    "pradeo_devices": (json.dumps({"total": 2, "items": [SLOT]}).encode(),),
    "wandera_jamf_devices": (json.dumps({"customerId": "c", "userDeviceList": [jamf_row()]}).encode(),),
    "sophos": (json.dumps(CENTRAL).encode(),),
    "sophos_devices": (json.dumps(MOBILES).encode(),),
    "zimperium": (json.dumps(THREATS).encode(),),
    "zimperium_devices": (json.dumps(SCROLLED).encode(),),
}
"""A page of each that is asked by HTTP; a new one is fed once it stands here, and a test asks for it."""
TOKEN = "e30.eyJleHAiOjE3NzAwMDAwMDB9.signature"
GRANT = json.dumps(
    {
        "access_token": "t",
        "expires_in": 60,
        "data": {"token": "t"},
        "accessToken": TOKEN,
        "token": TOKEN,
        "id": "5f1c2d3e-0000-4000-8000-00000000a001",
        "idType": "tenant",
        "apiHosts": {"dataRegion": "https://api-eu01.central.sophos.com"},
    }
).encode()
"""What a login answers, of each vendor in one."""


def targets() -> Iterator[Target]:
    """Every source, and every login."""
    for name, samples in SAMPLES.items():
        source = sources()[name]
        assert isinstance(source, ByHttp)
        yield Target(f"polled: {name}", _Fetched(source), samples, (SourceError,))
        yield Target(f"login of {name}", _LoggedIn(source), (GRANT,), (SourceError,))
    yield Target("polled: tables", _table, (json.dumps(ROWS).encode(),), (SourceError,))


@dataclass
class _Fetched:
    source: ByHttp

    def __call__(self, content: bytes) -> None:
        asyncio.run(self._fetched(content))

    async def _fetched(self, content: bytes) -> None:
        async def granted(_: Client) -> Granted:
            return Granted("token", 3600.0)

        with _answering(content):
            client = _client(self.source, granted)
            if isinstance(self.source, Roster):
                page = await self.source.fetch(client, None, NOW)
                if self.source.complete is not None and page.rows:
                    await self.source.complete(client, page.rows[0])
            elif isinstance(self.source, Source):
                await self.source.fetch(client, Asked(NOW, None, None))


@dataclass
class _LoggedIn:
    source: ByHttp

    def __call__(self, content: bytes) -> None:
        with _answering(content):
            asyncio.run(self._logged_in())

    async def _logged_in(self) -> None:
        await self.source.login(_client(self.source, self.source.login))


def _answering(content: bytes) -> Any:
    """A vendor that answers everything alike."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    async def asked(_: Client, *__: object, take: _Take | None = None, **___: object) -> VendorAnswer:
        if take is None:
            return client_module._answer(200, content.decode("utf-8", "replace"))
        await take(SimpleNamespace(content=SimpleNamespace(iter_any=chunks), close=lambda: None))
        return VendorAnswer(200, None)

    return mock.patch.object(Client, "_asked", asked)


def _client(source: ByHttp, login: Any) -> Client:
    settings = PollSettings(url="https://vendor.example", client_id="client", secret="secret")
    services = Services.of(Settings(), now=lambda: NOW)
    return Client(None, services, source.partner, settings, login=login, is_dead=source.is_dead)  # type: ignore[arg-type]


def _table(content: bytes) -> None:
    """What the query service answers, as Microsoft's library reads it."""
    from azure.monitor.query import LogsQueryResult

    async def asked(*_: object) -> Any:
        return LogsQueryResult._from_generated(json.loads(content))

    source: Any = sources()["zimperium_logs"]
    services = Services.of(Settings(), now=lambda: NOW)
    with mock.patch.object(Workspace, "_asked", asked):
        asyncio.run(source.fetch(Workspace(services, None, "id"), Asked(NOW, None, None)))  # type: ignore[arg-type]
