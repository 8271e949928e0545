"""A world with vendors in it that are polled, and what a test looks at afterwards."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from local.azure import tls
from local.azure.server import create_app as azure_app
from local.azure.storage import STORAGE, Storage
from local.azure.workspace import WORKSPACE, Workspace
from local.cosmos.server import STORE
from local.vendors.checkpoint_harmony import CHECKPOINT, CheckPoint
from local.vendors.faults import FAULTS, Faults
from local.vendors.lookout import LOOKOUT, Lookout
from local.vendors.pradeo import PRADEO, Pradeo
from local.vendors.server import CLOCK, create_app
from local.vendors.sophos import SOPHOS, Sophos
from local.vendors.wandera_jamf import JAMF, Jamf
from local.vendors.zimperium import ZIMPERIUM, Zimperium
from poll_partners.found import sources
from poll_partners.listed import read_roster
from poll_partners.reading import poll
from poll_partners.source import Roster
from shared.domain.moment import iso_utc
from shared.domain.poll_settings import PollSettings
from shared.domain.polling import Cursor, PollRun, cursor_id
from shared.services import Services
from tests.world import START, Clock, World, serving, world

KEY = "lookout-application-key"


@dataclass
class Vendors:
    """The stand-ins, and the app that polls them."""

    world: World
    app: web.Application
    address: str
    azure: web.Application
    azure_address: str

    @property
    def lookout(self) -> Lookout:
        return self.app[LOOKOUT]

    @property
    def checkpoint(self) -> CheckPoint:
        return self.app[CHECKPOINT]

    @property
    def zimperium(self) -> Zimperium:
        return self.app[ZIMPERIUM]

    @property
    def jamf(self) -> Jamf:
        return self.app[JAMF]

    @property
    def pradeo(self) -> Pradeo:
        return self.app[PRADEO]

    @property
    def sophos(self) -> Sophos:
        return self.app[SOPHOS]

    @property
    def storage(self) -> Storage:
        return self.azure[STORAGE]

    @property
    def workspace(self) -> Workspace:
        return self.azure[WORKSPACE]

    def their_clock(self) -> datetime:
        """What the vendors' clock shows."""
        return self.lookout.clock()

    @property
    def faults(self) -> Faults:
        return self.app[FAULTS]

    @property
    def services(self) -> Services:
        return self.world.services

    def set_clock_ahead(self, **span: float) -> None:
        """Have the vendors' clock differ from ours."""
        self.app[CLOCK][0] = timedelta(**span)

    async def poll(self, name: str = "lookout", services: Services | None = None) -> PollRun | None:
        """One run of a source."""
        source = sources()[name]
        if isinstance(source, Roster):
            return await read_roster(services or self.services, name, source)
        return await poll(services or self.services, name, source)

    async def polled(self, name: str = "lookout") -> PollRun:
        """The same, where there must be one."""
        run = await self.poll(name)
        assert run is not None
        return run

    async def cursor(self, name: str = "lookout") -> Cursor:
        """The cursor as it is stored."""
        found = await self.services.store.read(Cursor, cursor_id(name))
        assert found is not None
        return found.document

    def reports(self) -> list[dict[str, Any]]:
        """Every report that is stored."""
        return documents(self.world, "reports")

    def stored_ids(self) -> list[str]:
        """The vendor's ids of the reports that are stored, each as often as it is."""
        return sorted(str(each["record"]["report_id"]) for each in self.reports())

    def dead_letters(self) -> list[dict[str, Any]]:
        """Every dead letter."""
        return documents(self.world, "dead_letters")


def documents(one: World, container: str) -> list[dict[str, Any]]:
    """What is stored in a container, as the stand-in has it."""
    store = one.cosmos[STORE]
    found = store.in_creation_order(store.containers["mtd", container], None)
    return [json.loads(each.body) for each in found]


@asynccontextmanager
async def vendors(clock: Clock | None = None, **settings: Any) -> AsyncIterator[Vendors]:
    """A world where all that are polled are; `settings` override those of the app, `polling` those
    of its vendors."""
    clock = clock or Clock()
    app = create_app(clock)
    azure = azure_app(app[LOOKOUT].clock, app[FAULTS])
    async with serving(app) as address, serving(azure, tls.context()) as azure_address:
        polling: Mapping[str, PollSettings] = settings.pop("polling", None) or in_azure_too(
            polling_settings(address), azure_address
        )
        async with world(clock, polling=polling, **settings) as one:
            yield Vendors(one, app, address, azure, azure_address)


def lookout_settings(address: str, **changed: Any) -> dict[str, PollSettings]:
    """Lookout polled at the stand-in."""
    values = {"url": f"{address}/lookout", "secret": KEY, **changed}
    return {"lookout": PollSettings(**values)}


def polling_settings(address: str) -> dict[str, PollSettings]:
    """All that are polled."""
    checkpoint = PollSettings(
        url=f"{address}/checkpoint", client_id="checkpoint-client", secret="checkpoint-access-key"
    )
    zimperium = PollSettings(
        url=f"{address}/zimperium", client_id="zimperium-client", secret="zimperium-secret"
    )
    jamf = PollSettings(url=f"{address}/jamf", client_id="jamf-application", secret="jamf-secret")
    pradeo = PollSettings(url=f"{address}/pradeo", client_id="pradeo-access-key", secret="pradeo-secret-key")
    return {
        **lookout_settings(address),
        "checkpoint_harmony": checkpoint,
        "zimperium": zimperium,
        "wandera_jamf": jamf,
        "pradeo": pradeo,
        "sophos": sophos_settings(address),
    }


def sophos_settings(address: str, **changed: Any) -> PollSettings:
    """Sophos polled at the stand-in."""
    values = {"client_id": "sophos-client", "secret": "sophos-client-secret", **changed}
    return PollSettings(url=f"{address}/sophos", **values)


def in_azure_too(polling: Mapping[str, PollSettings], address: str) -> dict[str, PollSettings]:
    """`polling`, with two partners' files and two partners' tables at the stand-ins of Azure."""
    drop, workspace = f"{address}/storage/drop", f"{address}/logs/workspaces/{Workspace.id}"
    more = {slug: {"drop": drop} for slug in ("symantec_sep_mobile", "pradeo")}
    more |= {slug: {"workspace": workspace} for slug in ("better_mobile", "zimperium")}
    own = {slug: polling.get(slug, PollSettings()).model_copy(update=each) for slug, each in more.items()}
    return {**polling, **own}


def better_row(number: int, at: datetime = START, **cells: Any) -> dict[str, Any]:
    """A row of BETTER's table of incidents, of a threat of its own."""
    return {
        "ThreatId_d": float(number),
        "CompanyId_d": 7.0,
        "ThreatType_s": "Jailbreak",
        "ThreatSeverity_s": "high",
        "ThreatCategory_s": "DEVICE",
        "Status_s": "Active",
        "DeviceUDID_g": f"{number % 7:08d}-aaaa-4bbb-8ccc-000000000000",
        "DevicePlatform_s": "Android",
        "EventTimeStamp_t": at,
        "LogTimeStamp_t": at,
        **cells,
    }


def incident(number: int, at: datetime = START, **fields: Any) -> dict[str, Any]:
    """An incident of Symantec's, of a threat of its own."""
    return {
        "id": f"incident-{number}",
        "type": "Malware",
        "event_type": "incident_detected",
        "severity": "High",
        "timestamp": iso_utc(at),
        "device": {"identifier": f"device-{number % 7}", "os_type": "Android"},
        **fields,
    }


def event(number: int, at: datetime = START, **threat: Any) -> dict[str, Any]:
    """An event of Lookout's, of a threat of its own."""
    return {
        "id": f"event-{number}",
        "created_time": iso_utc(at),
        "type": "THREAT",
        "change_type": "CREATED",
        "threat": {
            "guid": f"threat-{number}",
            "status": "OPEN",
            "severity": "HIGH",
            "type": "APPLICATION",
            "classifications": ["TROJAN"],
            **threat,
        },
        "actor": {"guid": f"agent-{number % 7}", "type": "DEVICE"},
        "target": {"guid": f"threat-{number}", "type": "THREAT"},
    }


def alert(number: int, at: datetime = START, **fields: Any) -> dict[str, Any]:
    """An alert of Check Point's, of an app of its own."""
    return {
        "device_id": number % 7 + 1,
        "event": "Installed",
        "severity": "Critical",
        "attack_vector": "Application",
        "threat_factors": "Suspicious App",
        "details": f"com.example.app{number}",
        "mdm_uuid": None,
        "event_timestamp": iso_utc(at),
        "backend_last_updated": iso_utc(at),
        **fields,
    }


def threat(number: int, at: datetime = START, **fields: Any) -> dict[str, Any]:
    """A threat of Zimperium's, whose time has whole seconds."""
    return {
        "id": f"threat-{number}",
        "deviceId": f"agent-{number % 7}",
        "device": {
            "id": f"agent-{number % 7}",
            "mdmDeviceId": "",
            "os": {"name": "ANDROID", "version": "16"},
        },
        "timestamp": int(at.timestamp()) * 1000,
        "threatTypeId": 39,
        "threatTypeName": "DEVICE ROOTED",
        "severity": 3,
        "severityName": "CRITICAL",
        "vectorName": "Device",
        "state": 1,
        "mitigationEvents": [],
        "simulated": False,
        **fields,
    }


def central_event(number: int, at: datetime = START, **fields: Any) -> dict[str, Any]:
    """An event of Sophos', of malware of its own."""
    return {
        "id": f"event-{number}",
        "type": "Event::Endpoint::Threat::Detected",
        "name": f"Malware detected: 'Andr/Torch-{number}' at 'com.example.app{number}'",
        "severity": "high",
        "endpoint_type": "mobile",
        "endpoint_id": f"agent-{number % 7}",
        "when": iso_utc(at),
        "created_at": iso_utc(at),
        "group": "MALWARE",
        **fields,
    }
