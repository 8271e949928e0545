"""Calls of the app as the pages have a reader make them: the route is there, and what they carry opens it."""

import asyncio
import json
import os
import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from function_app import ROUTES
from infra.snapshot import EVERYTHING_ON, inputs
from shared.access import ADMIN_ROLE, KEY_HEADER, READER_ROLE
from shared.route import Access
from shared.settings import read
from tests.docs.pages import PAGES, text_of
from tests.docs.served import served
from tests.infra import code
from tests.infra.snapshots import Snapshots
from tests.world import world

INFRA = code.ROOT / "infra"
HOST_KEY = "x-functions-key"
LETS_IN = {KEY_HEADER: {Access.READER}, "Authorization": {Access.READER, Access.ADMIN}}
"""Whose routes a header opens; a key of the host opens none of ours."""
_ADDRESS = re.compile(r"(?:\$url|localhost:7071)/(?P<path>[^\"` ]+)|\$api/(?P<ours>[^\"` ]+)")
_CARRIES = re.compile(r"(?:--header|-H) [\"'](X-Api-Key|Authorization|x-functions-key):")


class Call(NamedTuple):
    """One `curl` of a page."""

    page: str
    line: str
    carries: str
    """The header that says who calls."""
    method: str
    path: str


def _calls(page: str) -> Iterator[Call]:
    for line in text_of(page).splitlines():
        plain = re.sub(r"<[^>]*>", "x", line).replace("$1", "")
        carries, address = _CARRIES.search(plain), _ADDRESS.search(plain)
        if "curl" in plain and carries and address:
            path = address["path"] or f"api/{address['ours']}"
            given = re.search(r"(?:--request|-X) (\w+)", plain)
            implied = "POST" if re.search(r" (--data|-d)\b", plain) else "GET"
            yield Call(page, line, carries[1], given[1] if given else implied, path.partition("?")[0])


CALLS = [call for page in PAGES for call in _calls(page)]


def _who_may(method: str, path: str) -> Access | None:
    """Who may call what a page names, below `/api`; None where there is no such route."""
    for route in ROUTES:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path))
        if route.method == method and re.fullmatch(pattern, path):
            return route.access
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_route_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`(GET|POST|DELETE) (?:/api)?/([^`? ]+)", text_of(page))
    assert [f"{method} {path}" for method, path in named if _who_may(method, path) is None] == []


def test_calls_are_found_with_everything_that_may_be_carried() -> None:
    assert {call.page for call in CALLS} >= {"docs/deploy.md", "docs/runbook.md", "docs/help-desk.md"}
    assert {call.carries for call in CALLS} == {*LETS_IN, HOST_KEY}
    assert "functionKeys" not in "".join(map(text_of, PAGES)), "a function key opens nothing"


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.page}: {call.method} {call.path}")
def test_a_call_is_let_in_by_what_it_carries(call: Call) -> None:
    """A key of the host is for `/admin` alone, where it runs a timer."""
    if call.carries == HOST_KEY:
        [name] = re.findall(r"^admin/functions/(\w+)$", call.path)
        assert code.functions()[name].trigger["type"] == "timerTrigger"
    else:
        assert _who_may(call.method, call.path.removeprefix("api/")) in LETS_IN[call.carries], call.line


def test_the_roles_the_guide_gives_are_those_of_the_app_registration() -> None:
    given = re.findall(r"^role=([0-9a-f-]+) +# ([\w.]+)$", text_of("docs/deploy.md"), re.MULTILINE)
    roles = json.loads((INFRA / "app-registration" / "application.json").read_text())["appRoles"]
    ids = {role["value"]: role["id"] for role in roles}
    assert {value: id_ for id_, value in given} == {role: ids[role] for role in (ADMIN_ROLE, READER_ROLE)}


async def _run(script: str, folder: pathlib.Path, **variables: str) -> str:
    child = await asyncio.create_subprocess_exec(
        *("sh", "-eu", "-c", script),
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **variables},
    )
    answer, _ = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode == 0
    return answer.decode()


@pytest.mark.skipif(not shutil.which("curl"), reason="the guide's commands need curl")
async def test_a_read_key_made_as_the_guide_says_reads(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = text_of("docs/deploy.md")
    [make] = re.findall(r"^(python3 -c 'import secrets.*) > \.local/read-key$", guide, re.MULTILINE)
    [named] = re.findall(r'^"readKeys": \{ "value": (\[.*\]) \}$', guide, re.MULTILINE)
    [curl] = re.findall(r'^(curl --header "X-Api-Key: \$key" .*)$', guide, re.MULTILINE)
    key = await _run(make, tmp_path)
    keys = read({f"READ_KEY_{name.upper()}": key for name in json.loads(named)}).read_keys
    async with world(read_keys=keys) as one, served(one, monkeypatch) as address:
        answer = await _run(curl, tmp_path, key=key, url=address)
    assert json.loads(answer) == {"devices": [], "token": None}


def test_a_read_key_is_called_as_the_template_looks_for_it() -> None:
    guide = text_of("docs/deploy.md")
    assert "soc_desk" in inputs(INFRA, EVERYTHING_ON)[0]["readKeys"]  # type: ignore[operator]
    made = Snapshots.committed().environment(EVERYTHING_ON).settings["READ_KEY_SOC_DESK"]
    assert made.endswith("SecretName=read-key-soc-desk)")
    assert "`soc_desk` is `read-key-soc-desk` in the vault and `READ_KEY_SOC_DESK` in the app" in guide
    assert '"value": ["siem"]' in guide
    assert "--name read-key-siem" in guide
