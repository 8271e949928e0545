"""What posts for a partner, run as an operator runs it, against the connector's own intake."""

import asyncio
import importlib.util
import json
import os
import pathlib
import re
import sys
import time
import types
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import azure.functions as func
import pytest
from aiohttp import web

from ingest_threat.allowance import MAX_BYTES_IN_WORK
from shared.domain.authentication import Scheme
from shared.domain.model import Report
from shared.reply import answered, reply
from tests.ingest_threat.door import posted
from tests.ingest_threat.partners.messages_pradeo import MESSAGES
from tests.world import Clock, World, serving, world

RELAY = pathlib.Path(__file__).resolve().parents[2] / "infra" / "relay"
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HEADER_SECRET = "0123456789abcdef0123456789abcdef"
OTHER_SECRET = "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
PARTNERS = (
    *("lookout", "checkpoint_harmony"),
    *("symantec_sep_mobile", "better_mobile"),
)


@dataclass
class Connector:
    """The intake, listening; and what relays were answered."""

    url: str
    world: World
    statuses: list[int] = field(default_factory=list)
    down: bool = False
    _answers: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    def note(self, status: int) -> None:
        """A relay was answered with that status."""
        self.statuses.append(status)
        self._answers.put_nowait(status)

    async def answered(self, status: int) -> None:
        """Until a relay is answered so."""
        while await self._answers.get() != status:
            pass

    def reports(self, partner: str) -> str:
        return f"{self.url}/api/partners/{partner}/reports"

    async def stored(self) -> list[str]:
        rows = self.world.services.store.rows(Report, "reports", "SELECT * FROM c")
        return sorted([report.record.report_id async for report in rows])


@asynccontextmanager
async def connector() -> AsyncIterator[Connector]:
    async with world(
        Clock(datetime.now(UTC)),
        webhook_secrets=dict.fromkeys(PARTNERS, SECRET),
        schemes={"pradeo": Scheme.HEADER},
        header_secrets={"pradeo": HEADER_SECRET},
    ) as one:

        async def take(request: web.Request) -> web.Response:
            body = await request.read()
            partner = request.match_info["partner"]

            async def work() -> func.HttpResponse:
                answer = await posted(one.services, partner, dict(request.headers), body)
                return reply(answer, status=202)

            answer = func.HttpResponse(status_code=503) if there.down else await answered(work)
            there.note(answer.status_code)
            again = {name: value for name, value in answer.headers.items() if name == "Retry-After"}
            return web.Response(status=answer.status_code, body=answer.get_body(), headers=again)

        app = web.Application()
        app.router.add_post("/api/partners/{partner}/reports", take)
        async with serving(app) as url:
            there = Connector(url, one)
            yield there


@pytest.fixture(autouse=True)
def refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Where the relays of a test keep what was refused."""
    folder = tmp_path / "kept" / "refused"
    monkeypatch.setenv("MTD_REFUSED", str(folder))
    return folder


@pytest.fixture
def unwritable(refused: pathlib.Path) -> pathlib.Path:
    """A place for refused messages in which none can be kept."""
    refused.parent.mkdir()
    refused.write_text("no folder")
    return refused


def _kept(folder: pathlib.Path) -> dict[str, bytes]:
    """What was refused, by the name it is kept under."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _modes(folder: pathlib.Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}


def _loaded(name: str) -> types.ModuleType:
    """A script of the relays as the module that it is for syslog-ng."""
    spec = importlib.util.spec_from_file_location(name, RELAY / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


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
    secret_file: pathlib.Path, tmp_path: pathlib.Path, refused: pathlib.Path
) -> None:
    other_secret = tmp_path / "other"
    other_secret.write_text(OTHER_SECRET)
    async with connector() as there:
        address = there.reports("symantec_sep_mobile")
        assert (await _post(address, secret_file, b'{"of": "another format"}'))[0] == 3
        assert (await _post(address, secret_file, b"no JSON"))[0] == 3
        kept = _kept(refused)
        assert {name.rpartition("-")[0] for name in kept} == {
            "symantec_sep_mobile-400",
            "symantec_sep_mobile-422",
        }
        assert (await _post(there.reports("nobody"), secret_file, b"{}"))[0] == 1
        there.down = True
        assert (await _post(address, secret_file, _incident()))[0] == 1
        there.down = False
        assert (await _post(address, other_secret, _incident()))[0] == 1
        assert there.statuses == [422, 400, 404, 503, 401]
        assert await there.stored() == []
        assert _kept(refused) == kept, "what may be sent again is the sender's to keep"
    assert (await _post(address, secret_file, _incident()))[0] == 1, "nobody listens there any more"


async def test_a_message_that_is_put_off_is_sent_again_once_the_connector_takes_it(
    secret_file: pathlib.Path,
) -> None:
    async with connector() as there:
        there.world.services.bytes_in_work["symantec_sep_mobile"] = MAX_BYTES_IN_WORK

        ended = asyncio.create_task(_post(there.reports("symantec_sep_mobile"), secret_file, _incident()))
        await there.answered(429)
        there.world.services.bytes_in_work.clear()
        status, _ = await ended
        assert (status, there.statuses) == (0, [429, 202])
        assert len(await there.stored()) == 1


async def test_what_was_refused_is_kept_as_it_came_for_its_owner_alone_and_once(
    secret_file: pathlib.Path, refused: pathlib.Path
) -> None:
    async with connector() as there:
        address = there.reports("symantec_sep_mobile")
        for body in (b"no JSON \xff", b"no JSON \xff", b"nor this"):
            ended, told = await _post(address, secret_file, body)
            assert (ended, told.count("kept as")) == (3, 1)
    assert sorted(_kept(refused).values()) == [b"no JSON \xff", b"nor this"]
    assert _modes(refused) == {0o700, 0o600}


@pytest.mark.usefixtures("unwritable")
async def test_what_cannot_be_kept_has_to_be_sent_again(secret_file: pathlib.Path) -> None:
    async with connector() as there:
        ended, told = await _post(there.reports("symantec_sep_mobile"), secret_file, b"no JSON")
        assert (ended, there.statuses) == (1, [400])
    assert "not kept" in told


@pytest.mark.parametrize(
    ("bound", "value", "left"),
    [("KEPT_MESSAGES", 2, [3, 4]), ("KEPT_BYTES", 25, [3, 4]), ("KEPT_DAYS", 0.5, [3, 4])],
)
def test_of_refused_messages_the_oldest_go_beyond_each_bound(
    bound: str, value: float, left: list[int], refused: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = _loaded("post_signed")
    now = time.time()
    for number in range(4):
        path = script.keep("https://app/api/partners/pradeo/reports", 400, b"message %d" % number, refused)
        hours = 1 if number == 3 else 24 * (4 - number)
        os.utime(path, (now - 3600 * hours,) * 2)
    assert len(list(refused.iterdir())) == 4
    monkeypatch.setattr(script, bound, value)
    script.keep("https://app/api/partners/pradeo/reports", 400, b"message 4", refused)
    assert sorted(path.read_bytes() for path in refused.iterdir()) == [b"message %d" % n for n in left]


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"MTD_REFUSED": "/a", "STATE_DIRECTORY": "/b"}, "/a"),
        ({"MTD_REFUSED": "", "STATE_DIRECTORY": "/b:/c"}, "/b/refused"),
        ({"MTD_REFUSED": "", "STATE_DIRECTORY": "", "HOME": "/d"}, "/d/.local/state/mtd-relay/refused"),
    ],
)
def test_where_refused_messages_are_kept(
    environment: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(_loaded("post_signed").folder_for_refused()) == folder


@pytest.mark.parametrize("address", ["http://connector.example.com/api", "ftp://example.com/", "reports"])
async def test_no_message_goes_out_in_the_clear(address: str, secret_file: pathlib.Path) -> None:
    ended, output = await _post(address, secret_file, _incident())
    assert (ended, output.count("\n")) == (2, 1)


async def test_a_file_that_holds_no_secret_is_reported_without_its_content(tmp_path: pathlib.Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-a-secret")
    ended, output = await _post("https://connector.example.com/", wrong, _incident())
    assert (ended, output.count("\n"), "not-a-secret" in output) == (2, 1, False)


def _syslog_conf() -> str:
    """The configuration without its comments."""
    return re.sub(r"^\s*#.*$", "", (RELAY / "syslog-ng.conf").read_text(), flags=re.MULTILINE)


def _pairs_up(text: str) -> bool:
    """Whether each bracket outside of quotes closes the last one that is open."""
    opened = []
    for bracket in re.findall(r"[(){}]", re.sub(r'"[^"]*"', "", text)):
        if bracket in "({":
            opened.append(bracket)
        elif not opened or opened.pop() + bracket not in {"()", "{}"}:
            return False
    return not opened


def test_syslog_ngs_configuration_names_what_there_is_and_lets_nothing_go() -> None:
    conf = _syslog_conf()
    assert _pairs_up(conf)
    assert conf.count('"') % 2 == 0
    assert set(re.findall(r"`(\w+)`", conf)) == set(re.findall(r"^@define (\w+)", conf, re.MULTILINE))
    [(module, name)] = re.findall(r'class\("(\w+)\.(\w+)"\)', conf)
    _loaded("post_signed")
    assert hasattr(_loaded(module), name)
    [options] = re.findall(r"options\((.*)\)", conf)
    assert re.findall(r'"(\w+)" "`\w+`"', options) == ["address", "secret", "refused"]
    assert "disk-buffer(reliable(yes)" in conf
    assert "drop" not in conf


@pytest.fixture
def lines(refused: pathlib.Path) -> types.ModuleType:
    _loaded("post_signed")
    return _loaded("post_lines")


async def _sent(lines: types.ModuleType, address: str, refused: pathlib.Path, *bodies: bytes) -> list[str]:
    """What syslog-ng is returned for each line."""
    destination = lines.Lines()
    destination.SUCCESS, destination.NOT_CONNECTED = "done", "comes again"
    options = {"address": address, "secret": HEADER_SECRET, "refused": str(refused)}
    assert destination.init(options)
    assert destination.open()
    assert destination.is_opened()
    returned = [await asyncio.to_thread(destination.send, {"MSG": body}) for body in bodies]
    destination.close()
    destination.deinit()
    return returned


async def test_a_line_is_done_with_once_it_is_stored_or_refused_and_kept(
    lines: types.ModuleType, refused: pathlib.Path
) -> None:
    good = json.dumps(MESSAGES[0]).encode()
    async with connector() as there:
        address = there.reports("pradeo")
        bodies = (b"<14>host pradeo: " + good, b"<14>host cut off {", b'{"of": "another format"}')
        assert await _sent(lines, address, refused, *bodies) == ["done"] * 3
        assert there.statuses == [202, 400, 422]
        assert len(await there.stored()) >= 1
        assert sorted(_kept(refused).values()) == sorted(bodies[1:])
        there.down = True
        assert await _sent(lines, address, refused, good, b"no JSON") == ["comes again"] * 2
    assert await _sent(lines, address, refused, good) == ["comes again"]
    assert len(_kept(refused)) == 2


async def test_a_line_that_cannot_be_kept_comes_again(
    lines: types.ModuleType, unwritable: pathlib.Path
) -> None:
    async with connector() as there:
        assert await _sent(lines, there.reports("pradeo"), unwritable, b"no JSON") == ["comes again"]
