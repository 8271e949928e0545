"""Secrets and personal data planted everywhere in every sample of every partner: none is stored, logged or
answered."""

import json
import logging
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import count

import pytest
from pydantic import JsonValue

from evaluate_risk.evaluation import evaluate
from ingest_threat.body import JsonObject
from ingest_threat.intake import accept
from ingest_threat.partners import known
from shared.domain.model import Agent, DeadLetter, Report
from tests.ingest_threat.partners.crossing import MESSAGES, Path, paths, value_at, with_value
from tests.world import World

SHAPES: Mapping[str, str] = {
    # What is planted, and the part of it that must be found nowhere.
    "IMEI 490154203237518": "490154203237518",
    "49-015420-323751-8": "015420-323751",
    "49 015420 323751 8": "015420 323751",
    "A10000009296F2": "A10000009296F2",
    "A1-000000-9296F2-C": "000000-9296F2",
    "jane.roe@corp.example": "jane.roe",
    "jane.roe%40corp.example": "jane.roe",
    "Bearer s3cr3tT0kenABCDEF": "s3cr3tT0ken",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnc2ln": "eyJzdWI",
    "https://x.example/p?a=1&access_token=S3cr3tQuery": "S3cr3tQuery",
    "https://x.example/p#api_key=S3cr3tQuery": "S3cr3tQuery",
    "https://x.example/?sv=1&sig=S3cr3tQuery%3D": "S3cr3tQuery",
    "https://roe:pw0rdpw@x.example/a": "pw0rdpw",
    "AKIAIOSFODNN7EXAMPLE": "AKIAIOSFODNN7EXAMPLE",
    "02:1b:44:11:3a:b7": "11:3a:b7",
    "02-1B-44-11-3A-B7": "11-3A-B7",
    "48.85837, 2.29448": "2.29448",
    "+4915112345678": "4915112345678",
    "+49 151 12345678": "151 12345678",
    "+1 (202) 555-0142": "555-0142",
    "49/015420/323751/8": "015420/323751",
    "49.015420.323751.8": "015420.323751",
    "02%3A1b%3A44%3A11%3A3a%3Ab7": "11%3A3a",
    "mac: 021b44113ab7": "021b44113ab7",
    "48.85837 2.29448": "2.29448",
    "lat: 48.858 lon: 2.294": "2.294",
    "geo:48.858,2.294": "2.294",
    "jane.roe\uff20corp.example": "jane.roe",
    "password: S3cr3tSaid": "S3cr3tSaid",
    "db_passwd=S3cr3tSaid": "S3cr3tSaid",
    "https%3A%2F%2Fx.example%2Fp%3Ftoken%3DS3cr3tQuery": "S3cr3tQuery",
    "-----BEGIN PRIVATE KEY-----\nMIIS3cr3tKey\n-----END PRIVATE KEY-----": "MIIS3cr3tKey",
}
"""Planted in the texts of every sample, alone or beside what stands there."""
NAMES = (
    *("user", "userName", "user_display_name", "owner", "deviceOwner", "owner_first_name", "employee_name"),
    *("firstName", "last_name", "middleName", "displayUser", "userPrincipalName", "upn", "email", "mail"),
    *("email_address", "userEmail", "phoneNumber", "phone_number", "msisdn", "imei", "imei2", "meid", "imsi"),
    *("iccid", "eid", "ssid", "wifiSsid", "network_ssid", "network_name", "networkName", "wifi_bssid"),
    *("bssid", "attacker_ssid", "access_point_bssid", "mac", "macAddress", "gateway_mac", "wifi_mac"),
    *("ip", "ipAddress", "external_ip", "gateway_ip", "client_ips", "localIpv4", "subnet_mask", "router"),
    *(
        "latitude",
        "gps_longitude",
        "lat",
        "lng",
        "lon",
        "coordinates",
        "geoPoint",
        "locationInfo",
        "location",
    ),
    *("geo_location", "city", "street", "postalCode", "passcode", "pin", "password", "token", "access_token"),
    *("apiKey", "clientSecret", "authorization", "session", "sessionId", "sas", "otp", "set-cookie"),
    *("deviceName", "device_name", "friendlyName", "hostname", "enrollmentKey", "privateKey", "mobile"),
)
"""The names of the vendors' pages, under which a text has no shape that could tell it."""
NAMED = "Xaver Quendolin"


def _texts(sample: JsonObject) -> Iterator[Path]:
    return (path for path in paths(sample) if isinstance(value_at(sample, path), str))


def _shaped(samples: list[JsonObject]) -> list[JsonValue]:
    """Each sample once for each of its texts, with one of the secrets there; they take turns."""
    turns, secrets = count(), list(SHAPES)
    planted: list[JsonValue] = []
    for sample in samples:
        for path in _texts(sample):
            turn = next(turns)
            secret = secrets[turn % len(secrets)]
            text = f"{value_at(sample, path)} {secret}" if turn % 3 else secret
            planted.append(with_value(sample, path, text))
    return planted


def _named(content: JsonValue, name: str) -> JsonValue:
    """`content` with a person's, or a secret, text under `name` in each of its objects."""
    if isinstance(content, list):
        return [_named(each, name) for each in content]
    if not isinstance(content, dict):
        return content
    kept = {key: _named(each, name) for key, each in content.items()}
    kept["evidence"] = [{"name": name, "val": NAMED}, {"Key": name, "Value": {"n": [NAMED]}}]
    return {**kept, name: NAMED, f"{name}s": [{"n": NAMED}] if name in {"user", "owner"} else "x"}


def _needed(partner: str) -> frozenset[str]:
    needed: frozenset[str] = import_module(f"ingest_threat.partners.{partner}").ADAPTER.needed
    return needed


async def _everything(one: World, answers: list[str], caplog: pytest.LogCaptureFixture) -> str:
    """All that is left of the messages: reports, agents, dead letters, answers and the log."""
    reports = [each async for each in one.services.store.rows(Report, "reports", "SELECT * FROM c")]
    assert reports
    await evaluate(one.services, [each.model_dump(mode="json") for each in reports])
    stored = [each.model_dump_json() for each in reports]
    for model in (Agent, DeadLetter):
        rows = one.services.store.rows(model, model.container, "SELECT * FROM c")
        stored += [each.model_dump_json() async for each in rows]
    return "\n".join([*stored, *answers, caplog.text])


@pytest.mark.parametrize("partner", sorted(known()))
async def test_no_secret_by_its_shape_is_kept(
    partner: str, tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    items = _shaped(MESSAGES[partner])
    bodies = [
        json.dumps([*items[start : start + 300], *MESSAGES[partner][:1]])
        for start in range(0, len(items), 300)
    ]
    bodies.append("\n".join([*(json.dumps(each) for each in MESSAGES[partner][:1]), *SHAPES]))
    answers = [
        (await accept(tenant_world.services, partner, body.encode())).model_dump_json() for body in bodies
    ]
    kept = await _everything(tenant_world, answers, caplog)
    assert not {secret for secret, part in SHAPES.items() if part.lower() in kept.lower()}


@pytest.mark.parametrize("partner", sorted(known()))
async def test_no_secret_by_its_name_is_kept(
    partner: str, tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answers = list[str]()
    names = [name for name in NAMES if name not in _needed(partner)]
    for sample in MESSAGES[partner]:
        turn = names[len(answers) % 8 :: 8] if len(MESSAGES[partner]) >= 8 else names[len(answers) % 4 :: 4]
        items = [sample, *(_named(sample, name) for name in turn)]
        answer = await accept(tenant_world.services, partner, json.dumps(items).encode())
        answers.append(answer.model_dump_json())
    kept = await _everything(tenant_world, answers, caplog)
    assert NAMED not in kept
