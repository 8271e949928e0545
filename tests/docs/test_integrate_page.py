"""What the page for a partner's engineer has them type is taken, and its answers are the app's."""

import asyncio
import json
import os
import pathlib
import re
import shutil
from datetime import UTC, datetime
from importlib import import_module

import pytest
from standardwebhooks import Webhook

from ingest_threat import partners
from ingest_threat.body import ENVELOPE, MAX_BYTES, MAX_ITEMS
from ingest_threat.intake import CONTENT_TYPES, Answer
from serve_console.inventory import MAX_DEVICES, DeviceApps, InventoryPage, RemovedDevice
from serve_console.merged_apps import InventoryApp
from shared.domain.authentication import Scheme
from shared.domain.json_text import MAX_DEPTH
from shared.reply import _TITLES
from tests.docs.served import served
from tests.infra.code import ROOT
from tests.world import Clock, world

PAGE = (ROOT / "docs" / "partners" / "integrate.md").read_text(encoding="utf-8")
SH = re.findall(r"^```sh\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
JSON = re.findall(r"^```json\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
SECRET = re.findall(r"^secret=(\S+)$", SH[0], re.MULTILINE)[0]
HEADER = re.findall(r"X-MTD-Secret: (\S+)\"", PAGE)[0]
WORKSPACE, KEY = re.findall(r"^workspace=(\S+); key=(\S+)$", PAGE, re.MULTILINE)[0]
SETTINGS: dict[str, dict[str, object]] = {
    "webhook": {"webhook_secrets": {"lookout": SECRET}},
    "header": {"schemes": {"lookout": Scheme.HEADER}, "header_secrets": {"lookout": HEADER}},
    "shared_key": {
        "schemes": {"lookout": Scheme.SHARED_KEY},
        "shared_key_workspace": {"lookout": WORKSPACE},
        "shared_keys": {"lookout": KEY},
    },
}
POSTS = {"webhook": SH[0], "header": SH[1], "shared_key": SH[3]}
FETCH = SH[4]

with_tools = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="the examples need curl and openssl"
)


async def _run(script: str, address: str, folder: pathlib.Path) -> str:
    child = await asyncio.create_subprocess_exec(
        *("sh", "-eu", "-c", script.replace("https://<app>", address)),
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
    )
    answer, _ = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode == 0
    return answer.decode()


@with_tools
@pytest.mark.parametrize("way", POSTS)
async def test_a_report_sent_as_the_page_says_is_stored(
    way: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "body.json").write_text(JSON[0])
    async with world(Clock(datetime.now(UTC)), **SETTINGS[way]) as one, served(one, monkeypatch) as address:
        first = await _run(POSTS[way], address, tmp_path)
        again = await _run(POSTS[way], address, tmp_path)
    assert f"`{first}`" in PAGE
    assert json.loads(again) == {**json.loads(first), "accepted": 0, "duplicates": 1}


@with_tools
async def test_the_inventory_is_fetched_as_the_page_says(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        world(Clock(datetime.now(UTC)), **SETTINGS["webhook"]) as one,
        served(one, monkeypatch) as address,
    ):
        page = InventoryPage.model_validate_json(await _run(FETCH, address, tmp_path))
    assert (page.devices, page.removed) == ([], [])


def test_the_answers_the_page_shows_have_the_fields_of_the_apps() -> None:
    page = json.loads(JSON[1])
    assert page.keys() == InventoryPage.model_fields.keys()
    assert page["devices"][0].keys() == DeviceApps.model_fields.keys()
    assert page["devices"][0]["apps"][0].keys() == InventoryApp.model_fields.keys()
    assert page["removed"][0].keys() == RemovedDevice.model_fields.keys()
    counted = PAGE.partition("A `202` counts the items")[2].partition("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", counted, re.MULTILINE) == list(Answer.model_fields)


def test_the_signatures_to_check_a_signer_against_are_right() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\d+)` \| (.+) \| `(v1,\S+)` \|$", PAGE, re.MULTILINE)
    assert len(rows) == 2
    for id_, time, body, signature in rows:
        text = "" if body == "empty" else body.strip("`")
        assert Webhook(SECRET).sign(id_, datetime.fromtimestamp(int(time), UTC), text) == signature


def test_limits_content_types_and_statuses_are_the_codes() -> None:
    assert MAX_BYTES == 1024 * 1024
    assert f"1 MiB, {MAX_ITEMS:,} items, nested at most {MAX_DEPTH} deep" in PAGE
    assert f"(100, at most {MAX_DEVICES})" in PAGE
    [types] = re.findall(r"^\| content type \| (.+) \|$", PAGE, re.MULTILINE)
    assert set(re.findall("`([^`]+)`", types)) == CONTENT_TYPES
    statuses = {
        int(status)
        for cell in re.findall(r"^\| (`\d{3}`[^|]*) \|", PAGE, re.MULTILINE)
        for status in re.findall(r"\d{3}", cell)
    }
    of_admins_alone = {409}
    assert statuses == {202, 504, *_TITLES} - of_admins_alone


def test_the_lists_it_names_are_the_adapters() -> None:
    [body] = re.findall(r"^\| body \| (.+) \|$", PAGE, re.MULTILINE)
    named = re.findall(r"((?:`\w+`(?: or )?)+) \(?(\w+)", body)
    assert named
    for keys, vendor in named:
        if vendor == "at":
            assert keys.strip("`") == ENVELOPE
            continue
        [slug] = [slug for slug in partners.known() if slug.startswith(vendor.lower())]
        adapter = import_module(f"ingest_threat.partners.{slug}").ADAPTER
        assert set(re.findall(r"\w+", keys.replace(" or ", " "))) == set(adapter.envelopes), vendor


def test_an_empty_message_is_taken_from_everybody() -> None:
    assert "an empty one (`[]`)" in PAGE
    for partner in partners.known():
        assert partners.parse(partner, b"[]", received_at=datetime.now(UTC)) == []


def test_every_way_to_authenticate_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)`(?: \(default\))? \| .+ \| .+ \| .+ \|$", PAGE, re.MULTILINE)
    assert [row for row in rows if row in set(Scheme)] == list(Scheme)
