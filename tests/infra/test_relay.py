"""The relays, run as an operator runs them: between a vendor's stand-in and the connector's own intake.

The stand-ins answer what public clients of the vendors call and read; no vendor was ever reached.
"""

import asyncio
import json
import os
import pathlib
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import azure.functions as func
import pytest
from aiohttp import web

from local.partners import lookout
from local.sample_tenant import Phone
from shared.domain.model import Report
from shared.reply import answered, reply
from tests.ingest_threat.door import posted
from tests.ingest_threat.partners.messages_better_mobile import device, in_table, incident
from tests.ingest_threat.partners.messages_checkpoint_harmony import checkpoint_alert
from tests.ingest_threat.partners.messages_sophos import sophos_event
from tests.world import START, Clock, World, serving, world

RELAY = pathlib.Path(__file__).resolve().parents[2] / "infra" / "relay"
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
PARTNERS = (
    *("lookout", "checkpoint_harmony", "sophos", "zimperium"),
    *("symantec_sep_mobile", "better_mobile"),
)
TOKEN = "token-of-the-vendor"
ADDRESSES = ("LOOKOUT_API", "CHECKPOINT_PORTAL", "SOPHOS_LOGIN", "SOPHOS_CENTRAL", "ZIMPERIUM_CONSOLE")
KEYS = (
    *("LOOKOUT_APPLICATION_KEY", "CHECKPOINT_CLIENT_ID", "CHECKPOINT_ACCESS_KEY"),
    *("SOPHOS_CLIENT_ID", "SOPHOS_CLIENT_SECRET", "ZIMPERIUM_CLIENT_ID", "ZIMPERIUM_CLIENT_SECRET"),
)

with_curl_and_jq = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="the polling relays need curl and jq"
)


@dataclass
class Connector:
    """The intake, listening; and what relays were answered."""

    url: str
    world: World
    statuses: list[int] = field(default_factory=list)
    down: bool = False

    def reports(self, partner: str) -> str:
        return f"{self.url}/api/partners/{partner}/reports"

    async def stored(self) -> list[str]:
        rows = self.world.services.store.rows(Report, "reports", "SELECT * FROM c")
        return sorted([report.record.report_id async for report in rows])


@asynccontextmanager
async def connector() -> AsyncIterator[Connector]:
    async with world(Clock(datetime.now(UTC)), webhook_secrets=dict.fromkeys(PARTNERS, SECRET)) as one:

        async def take(request: web.Request) -> web.Response:
            body = await request.read()
            partner = request.match_info["partner"]

            async def work() -> func.HttpResponse:
                answer = await posted(one.services, partner, dict(request.headers), body)
                return reply(answer, status=202)

            answer = func.HttpResponse(status_code=503) if there.down else await answered(work)
            there.statuses.append(answer.status_code)
            return web.Response(status=answer.status_code, body=answer.get_body())

        app = web.Application()
        app.router.add_post("/api/partners/{partner}/reports", take)
        async with serving(app) as url:
            there = Connector(url, one)
            yield there


@pytest.fixture
def secret_file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


async def _run(
    *command: object, given: bytes = b"", environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """How `command` ended, and what it wrote on standard error."""
    python = str(pathlib.Path(sys.executable).parent)
    child = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PATH": f"{python}:{os.environ['PATH']}", **(environment or {})},
    )
    _, output = await asyncio.wait_for(child.communicate(given), 60)
    assert child.returncode is not None
    return child.returncode, output.decode()


async def _post(address: str, secret: pathlib.Path, body: bytes) -> tuple[int, str]:
    return await _run(sys.executable, RELAY / "post_signed.py", address, secret, given=body)


def _incident() -> bytes:
    incident = (
        '{"id": 71001, "type": "Network", "sub_type": "Rogue access point é", "event_type": "START",'
        ' "severity": "HIGH", "device": {"identifier": "agent-1", "os_type": "iOS"}}'
    )
    return f"<14>Jun  1 10:00:00 export sepm[9]: {incident}\n".encode()


async def test_a_posted_message_is_proven_and_stored(secret_file: pathlib.Path) -> None:
    async with connector() as there:
        ended, output = await _post(there.reports("symantec_sep_mobile"), secret_file, _incident())
        assert (ended, there.statuses) == (0, [202]), output
        assert '"accepted":1' in output
        [report_id] = await there.stored()
        assert report_id.startswith("71001:START:msg_")


async def test_what_may_be_sent_again_and_what_never_helps_end_apart(
    secret_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    other_secret = tmp_path / "other"
    other_secret.write_text(OTHER_SECRET)
    async with connector() as there:
        address = there.reports("symantec_sep_mobile")
        assert (await _post(address, secret_file, b'{"of": "another format"}'))[0] == 3
        assert (await _post(address, secret_file, b"no JSON"))[0] == 3
        assert (await _post(there.reports("nobody"), secret_file, b"{}"))[0] == 1
        there.down = True
        assert (await _post(address, secret_file, _incident()))[0] == 1
        there.down = False
        assert (await _post(address, other_secret, _incident()))[0] == 1
        assert there.statuses == [422, 400, 404, 503, 401]
        assert await there.stored() == []
    assert (await _post(address, secret_file, _incident()))[0] == 1, "nobody listens there any more"


@pytest.mark.parametrize("address", ["http://connector.example.com/api", "ftp://example.com/", "reports"])
async def test_no_message_goes_out_in_the_clear(address: str, secret_file: pathlib.Path) -> None:
    ended, output = await _post(address, secret_file, _incident())
    assert (ended, output.count("\n")) == (2, 1)


async def test_a_file_that_holds_no_secret_is_reported_without_its_content(tmp_path: pathlib.Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-a-secret")
    ended, output = await _post("https://connector.example.com/", wrong, _incident())
    assert (ended, output.count("\n"), "not-a-secret" in output) == (2, 1, False)


def test_syslog_ng_lets_go_of_what_never_helps_and_of_nothing_else() -> None:
    said = re.findall(r"(\d{3}) => (\w+)", (RELAY / "syslog-ng.conf").read_text())
    assert {status for status, action in said if action == "drop"} == {"400", "413", "415", "422"}
    assert {status for status, action in said if action == "retry"} >= {"401", "404", "500", "503"}


def _bearer(request: web.Request, token: str = TOKEN) -> None:
    if request.headers.get("Authorization") != f"Bearer {token}":
        raise web.HTTPUnauthorized


@dataclass
class Vendor:
    """A vendor's interface: routes to add, and the queries that came."""

    app: web.Application = field(default_factory=web.Application)
    asked: list[str] = field(default_factory=list)
    tenants: set[str] = field(default_factory=set)

    def logs_in(self, path: str, credentials: dict[str, str], answer: object) -> None:
        """Answer who posts these credentials, as JSON or as a form."""

        async def log_in(request: web.Request) -> web.Response:
            is_json = request.content_type == "application/json"
            given = await request.json() if is_json else dict(await request.post())
            return web.json_response(answer, status=200 if given == credentials else 401)

        self.app.router.add_post(path, log_in)

    def answers(self, method: str, path: str, *answers: object, token: str = TOKEN) -> None:
        """Give `answers` one after the other, the last again and again."""
        left = list(answers)

        async def answer(request: web.Request) -> web.Response:
            _bearer(request, token)
            self.asked.append(request.path_qs)
            self.tenants |= {tenant for tenant in request.headers.getall("X-Tenant-ID", []) if tenant}
            found = left.pop(0) if len(left) > 1 else left[0]
            return web.Response(text=found) if isinstance(found, str) else web.json_response(found)

        self.app.router.add_route(method, path, answer)


PHONE = Phone.of("relay", "phone", "iOS")


def _frame(id_: str, event: object) -> str:
    return f"id: {id_}\r\nevent: events\r\ndata: {event}\r\n\r\n"


@with_curl_and_jq
async def test_lookouts_frames_are_posted_and_the_stream_goes_on_after_the_last_taken(
    secret_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    vendor, state = Vendor(), tmp_path / "state"
    first, second = lookout.check_in(PHONE, START), lookout.low_threat(PHONE, "k1", START)
    assert isinstance(second, dict)
    threat = {"events": [second]}
    beat = "event: heartbeat\ndata:{}\n\n"
    vendor.answers("POST", "/oauth2/token", {"access_token": TOKEN}, token="application-key")
    vendor.answers(
        "GET",
        "/mra/stream/v2/events",
        beat + _frame("f1", json.dumps(first)) + beat,
        _frame("f2", json.dumps(threat)),
        _frame("f2", json.dumps(threat)),
    )
    async with connector() as there, serving(vendor.app) as api:
        relay = ("sh", RELAY / "lookout.sh", there.reports("lookout"), secret_file, state)
        settings = {"LOOKOUT_API": api, "LOOKOUT_APPLICATION_KEY": "application-key"}
        assert (await _run(*relay, environment=settings))[0] == 0
        assert state.read_text() == "f1\n"
        there.down = True
        assert (await _run(*relay, environment=settings))[0] != 0
        assert state.read_text() == "f1\n", "the frame that was not taken is asked for again"
        there.down = False
        assert (await _run(*relay, environment=settings))[0] == 0
        assert len(await there.stored()) == 2
    streams = [path for path in vendor.asked if path.startswith("/mra")]
    assert streams == ["/mra/stream/v2/events?type=THREAT,DEVICE,SMISHING_ALERT"] + 2 * [
        "/mra/stream/v2/events?type=THREAT,DEVICE,SMISHING_ALERT&id=f1"
    ]


@with_curl_and_jq
@pytest.mark.parametrize("end", [None, ""])
async def test_check_points_pages_are_posted_to_the_last_and_read_again_with_an_overlap(
    secret_file: pathlib.Path, tmp_path: pathlib.Path, end: str | None
) -> None:
    vendor, state = Vendor(), tmp_path / "state"
    vendor.logs_in("/auth/external", {"clientId": "id", "accessKey": "key"}, {"data": {"token": TOKEN}})
    more = "/external_api/v3/alert/?limit=100&offset=100"
    first = {"meta": {"next": more}, "objects": [checkpoint_alert()]}
    last = {"meta": {"next": end}, "objects": [checkpoint_alert(id=502)]}
    vendor.answers("GET", "/app/SBM/external_api/v3/alert/", first, last)
    state.write_text("2026-02-01T08:00:00Z\n")
    async with connector() as there, serving(vendor.app) as portal:
        address = there.reports("checkpoint_harmony")
        relay = ("sh", RELAY / "checkpoint_harmony.sh", address, secret_file, state)
        settings = {
            "CHECKPOINT_PORTAL": portal,
            "CHECKPOINT_CLIENT_ID": "id",
            "CHECKPOINT_ACCESS_KEY": "key",
        }
        ended, output = await _run(*relay, environment=settings)
        assert (ended, there.statuses) == (0, [202, 202]), output
        assert await there.stored() == ["501", "502"]
        assert "backend_last_updated__gte=2026-02-01T07:50:00Z&" in vendor.asked[0]
        assert vendor.asked[1] == f"/app/SBM{more}"
        read_until = state.read_text()
        assert read_until > "2026-02-01T08:00:00Z"
        there.down = True
        assert (await _run(*relay, environment=settings))[0] != 0
        assert state.read_text() == read_until, "what was not taken is read again"


@with_curl_and_jq
async def test_sophoss_events_are_posted_from_where_they_were_left_and_devices_each_time(
    secret_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    vendor, state = Vendor(), tmp_path / "state"
    form = {"grant_type": "client_credentials", "scope": "token", "client_id": "id", "client_secret": "s&e=c"}
    vendor.logs_in("/api/v2/oauth2/token", form, {"access_token": TOKEN})
    first = {"has_more": True, "next_cursor": "c1", "items": [sophos_event()]}
    last = {"has_more": False, "next_cursor": "c2", "items": [sophos_event(id="event-2")]}
    phone = {"id": "agent-1", "healthState": {"state": "green"}, "lastSeenAt": "2026-02-01T08:00:00.000Z"}
    vendor.answers("GET", "/siem/v1/events", first, last)
    vendor.answers("GET", "/mobile/v1/devices", {"items": [phone]})
    self = {"id": "tenant-1", "apiHosts": {"dataRegion": ""}}
    vendor.answers("GET", "/whoami/v1", self)
    async with connector() as there, serving(vendor.app) as central:
        self["apiHosts"] = {"dataRegion": central}
        relay = ("sh", RELAY / "sophos.sh", there.reports("sophos"), secret_file, state)
        settings = {
            "SOPHOS_LOGIN": central,
            "SOPHOS_CENTRAL": central,
            "SOPHOS_CLIENT_ID": "id",
            "SOPHOS_CLIENT_SECRET": "s&e=c",
        }
        ended, output = await _run(*relay, environment=settings)
        assert (ended, there.statuses) == (0, [202, 202, 202]), output
        assert await there.stored() == ["agent-1:2026-02-01T08:00:00.000Z:green", "event-1", "event-2"]
        assert vendor.asked[1:] == [
            "/siem/v1/events?limit=500",
            "/siem/v1/events?limit=500&cursor=c1",
            "/mobile/v1/devices",
        ]
        assert vendor.tenants == {"tenant-1"}
        assert state.read_text() == "c2\n"
        there.down = True
        assert (await _run(*relay, environment=settings))[0] != 0
        assert state.read_text() == "c2\n"


@with_curl_and_jq
async def test_zimperiums_threats_of_the_last_days_are_posted_page_by_page(
    secret_file: pathlib.Path,
) -> None:
    vendor = Vendor()
    vendor.logs_in("/api/auth/v1/api_keys/login", {"clientId": "id", "secret": "s"}, {"accessToken": TOKEN})
    threat = {
        "id": "threat-1",
        "state": 1,
        "timestamp": 1769932800000,
        "threatTypeName": "ARP_MITM",
        "severity": 3,
        "device": {"id": "agent-1", "os": {"name": "Android"}},
    }
    vendor.answers("GET", "/api/threats/public/v1/threats", {"content": [threat]}, {"content": []})
    async with connector() as there, serving(vendor.app) as console:
        relay = ("sh", RELAY / "zimperium.sh", there.reports("zimperium"), secret_file, 3)
        settings = {
            "ZIMPERIUM_CONSOLE": console,
            "ZIMPERIUM_CLIENT_ID": "id",
            "ZIMPERIUM_CLIENT_SECRET": "s",
        }
        ended, output = await _run(*relay, environment=settings)
        assert (ended, there.statuses) == (0, [202]), output
        assert await there.stored() == ["threat-1:1:1769932800000"]
        pages = [path.partition("&size=")[2] for path in vendor.asked]
        assert pages == ["200&page=0", "200&page=1"]


@with_curl_and_jq
async def test_betters_rows_are_read_from_the_workspace_and_posted_in_parts(
    secret_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    incidents = [in_table(incident(ThreatId=number)) for number in range(501)]
    for name, rows in (("Device", [in_table(device())]), ("Incident", incidents)):
        (tmp_path / f"BetterMTD{name}Log_CL.json").write_text(json.dumps(rows))
    az = tmp_path / "az"  # prints the rows of the table that the query names first
    az.write_text(
        f'#!/bin/sh\nfor last; do case $last in Better*) cat "{tmp_path}/${{last%% *}}.json"; esac; done\n'
    )
    az.chmod(0o755)
    async with connector() as there:
        relay = ("sh", RELAY / "better_mobile.sh", there.reports("better_mobile"), secret_file)
        settings = {"BETTER_WORKSPACE": "workspace", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        ended, output = await _run(*relay, environment=settings)
        assert (ended, there.statuses) == (0, [202, 202, 202]), output
        assert len(await there.stored()) == 502
        there.down = True
        assert (await _run(*relay, environment=settings))[0] != 0


@with_curl_and_jq
@pytest.mark.parametrize("name", ["lookout", "checkpoint_harmony", "sophos", "zimperium"])
async def test_a_vendor_that_refuses_the_login_ends_the_relay_and_nothing_is_posted(
    name: str, secret_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    async with connector() as there, serving(web.Application()) as nobody:
        last = "7" if name == "zimperium" else str(tmp_path / "state")
        settings = {setting: nobody if setting in ADDRESSES else "wrong" for setting in (*ADDRESSES, *KEYS)}
        relay = ("sh", RELAY / f"{name}.sh", there.reports(name), secret_file, last)
        ended, output = await _run(*relay, environment=settings)
        assert ended != 0, output
        assert there.statuses == []
        assert not (tmp_path / "state").exists()
