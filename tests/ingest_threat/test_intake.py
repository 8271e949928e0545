"""From a message to stored reports: what is kept, what it costs, and what is asked for again."""

import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import JsonValue

from ingest_threat.intake import UnknownWord, accept
from ingest_threat.start import check
from local.partners import lookout, wandera_jamf, zimperium
from local.partners.authentication import signed
from local.partners.message import encoded
from local.sample_tenant import Phone
from shared.containers import CONTAINERS
from shared.domain.authentication import Scheme
from shared.domain.heartbeats import Heartbeat, heartbeat_id
from shared.domain.level import Level
from shared.domain.model import DeadLetter, Report
from shared.domain.record import Platform, ThreatRecord
from shared.errors import (
    KeysUnavailable,
    NotAuthentic,
    SettingsError,
    StoreUnavailable,
    UnknownPartner,
    Unreadable,
    UnreadableReport,
    WrongContentType,
)
from shared.settings import Settings
from shared.standard_webhooks import signature
from tests.ingest_threat.credentials import credentials, texts
from tests.ingest_threat.door import posted
from tests.login_service import login_service
from tests.world import START, Clock, World, world

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PHONE = Phone.of("intake", "phone", "Android")
EVERYTHING = "SELECT * FROM c"


def _items(count: int) -> list[dict[str, Any]]:
    items = []
    for number in range(count):
        item = zimperium.detection(PHONE, f"k{number}", START)
        assert isinstance(item, list)
        items += item
    return items


async def _letters(one: World) -> list[DeadLetter]:
    return [letter async for letter in one.services.store.rows(DeadLetter, "dead_letters", EVERYTHING)]


async def _reports(one: World) -> list[Report]:
    return [report async for report in one.services.store.rows(Report, "reports", EVERYTHING)]


async def test_a_new_report_costs_one_create_and_a_duplicate_one_operation(tenant_world: World) -> None:
    body = encoded(_items(20))
    answer = await accept(tenant_world.services, "zimperium", body)
    assert (answer.accepted, answer.duplicates) == (20, 0)
    spent = {key: count for key, count in tenant_world.operations.items() if key[0] != "settings"}
    assert spent == {("reports", "create"): 20}
    tenant_world.operations.clear()
    again = await accept(tenant_world.services, "zimperium", body)
    assert (again.accepted, again.duplicates) == (0, 20)
    assert dict(tenant_world.operations) == {("reports", "create"): 20}


async def test_a_report_twice_in_one_message_is_stored_once(tenant_world: World) -> None:
    answer = await accept(tenant_world.services, "zimperium", encoded(_items(1) * 3))
    assert (answer.accepted, answer.duplicates) == (1, 2)


async def test_a_report_received_later_is_still_the_same_report(tenant_world: World) -> None:
    body = encoded(_items(1))
    await accept(tenant_world.services, "zimperium", body)
    tenant_world.clock.pass_time(hours=5)
    assert (await accept(tenant_world.services, "zimperium", body)).duplicates == 1
    assert [report.received_at for report in await _reports(tenant_world)] == [START]


async def test_an_unreadable_item_is_set_aside_and_the_rest_is_stored(tenant_world: World) -> None:
    items: list[JsonValue] = [*_items(2)]
    items.insert(
        1, {"threat_uuid": "x", "device_owner_email": "someone@example.com", "imei": "490154203237518"}
    )
    answer = await accept(tenant_world.services, "zimperium", json.dumps(items).encode())
    assert (answer.accepted, [rejected.index for rejected in answer.rejected]) == (2, [1])
    (letter,) = await _letters(tenant_world)
    assert (letter.kind, letter.index, letter.partner) == ("no_device", 1, "zimperium")
    kept = json.dumps(letter.body)
    assert "someone@example.com" not in kept
    assert "490154203237518" not in kept


async def test_a_dead_letter_keeps_what_its_adapter_needs_though_it_looks_personal(
    tenant_world: World,
) -> None:
    item = zimperium.exported(PHONE, "k0", START)
    assert isinstance(item, dict)
    item |= {"device_info": {}, "forensics": {"severity": 3}}
    item["threat"] |= {"display_name": "Device Jailbroken/Rooted"}
    await accept(tenant_world.services, "zimperium", encoded(item))
    (letter,) = await _letters(tenant_world)
    assert isinstance(letter.body, dict)
    assert letter.kind == "no_device"
    assert "Device Jailbroken/Rooted" in json.dumps(letter.body["threat"])


async def test_the_same_unreadable_item_is_set_aside_once(tenant_world: World) -> None:
    body = json.dumps([{"threat_uuid": "x"}, *_items(1)]).encode()
    await accept(tenant_world.services, "zimperium", body)
    await accept(tenant_world.services, "zimperium", body)
    assert len(await _letters(tenant_world)) == 1


async def test_a_body_of_another_format_is_kept_redacted(tenant_world: World) -> None:
    body = encoded({"hello": "there", "password": "hunter2-secret"})
    with pytest.raises(UnreadableReport) as caught:
        await accept(tenant_world.services, "zimperium", body)
    assert caught.value.kind is Unreadable.NOT_THIS_FORMAT
    (letter,) = await _letters(tenant_world)
    assert letter.body == {"hello": "there", "password": "[redacted]"}


async def test_a_body_of_another_format_is_kept_whatever_its_texts_and_numbers(tenant_world: World) -> None:
    with pytest.raises(UnreadableReport):
        await accept(tenant_world.services, "zimperium", b'[{"a": "\\ud800"}, {"b": 1e999}]')
    (letter,) = await _letters(tenant_world)
    assert letter.body == [{"a": "\ufffd"}, {"b": "1e999"}]


async def test_of_a_body_that_is_not_json_only_size_hash_and_reason_are_kept(tenant_world: World) -> None:
    with pytest.raises(UnreadableReport):
        await accept(tenant_world.services, "zimperium", b"hunter2 is the password")
    (letter,) = await _letters(tenant_world)
    assert (letter.body, letter.size) == (None, 23)
    assert len(letter.sha256) == 64


async def test_a_store_that_is_away_is_reported_and_sending_again_completes(tenant_world: World) -> None:
    body = encoded(_items(5))
    tenant_world.cosmos_faults.fail_next(503, times=50, container="reports", operation="create")
    with pytest.raises(StoreUnavailable):
        await accept(tenant_world.services, "zimperium", body)
    tenant_world.cosmos_faults.clear()
    answer = await accept(tenant_world.services, "zimperium", body)
    assert answer.accepted + answer.duplicates == 5
    assert len(await _reports(tenant_world)) == 5


async def test_a_lost_answer_of_the_store_counts_nothing_twice(tenant_world: World) -> None:
    body = encoded(_items(1))
    tenant_world.cosmos_faults.fail_next(500, container="reports", operation="create", after_commit=True)
    with pytest.raises(StoreUnavailable):
        await accept(tenant_world.services, "zimperium", body)
    assert (await accept(tenant_world.services, "zimperium", body)).duplicates == 1
    assert len(await _reports(tenant_world)) == 1


async def test_a_report_too_large_to_store_is_named_and_set_aside_without_its_body(
    tenant_world: World,
) -> None:
    tenant_world.cosmos_faults.fail_next(413, container="reports", operation="create")
    answer = await accept(tenant_world.services, "zimperium", encoded(_items(1)))
    assert (answer.accepted, len(answer.rejected)) == (0, 1)
    assert len(await _letters(tenant_world)) == 1


async def test_a_report_that_decides_nothing_as_things_are_switched_is_hinted_at(
    tenant_world: World,
) -> None:
    event = encoded(wandera_jamf.event(PHONE, START, name="JAILBREAK", action="Detected", severity=10))
    answer = await accept(tenant_world.services, "wandera_jamf", event)
    assert (answer.accepted, answer.not_counted) == (1, 1)
    assert (await accept(tenant_world.services, "zimperium", encoded(_items(1)))).not_counted == 0


async def test_who_sends_is_proven_before_anything_is_read(tenant_world: World) -> None:
    body = encoded(_items(1))
    with pytest.raises(UnknownPartner):
        await posted(tenant_world.services, "norton", {}, body)
    with pytest.raises(NotAuthentic):
        await posted(tenant_world.services, "zimperium", signed(SECRET, body), body)
    assert dict(tenant_world.operations) == {}


async def test_a_body_over_the_limit_is_refused_unread_and_unstored(tenant_world: World) -> None:
    with pytest.raises(UnreadableReport) as caught:
        await posted(tenant_world.services, "zimperium", {}, b"x" * 1_048_577)
    assert caught.value.kind is Unreadable.TOO_LARGE
    assert dict(tenant_world.operations) == {}


async def test_of_a_body_that_is_not_utf8_only_size_hash_and_reason_are_kept(tenant_world: World) -> None:
    with pytest.raises(UnreadableReport) as caught:
        await accept(tenant_world.services, "zimperium", b'{"a": "\xff"}')
    assert caught.value.kind is Unreadable.MALFORMED
    (letter,) = await _letters(tenant_world)
    assert (letter.body, letter.size) == (None, 10)


async def test_a_compressed_body_is_proven_as_sent_and_read_as_it_was() -> None:
    body, packed = encoded(_items(2)), gzip.compress(encoded(_items(2)))
    async with world(webhook_secrets={"zimperium": SECRET}) as one:
        headers = {**signed(SECRET, packed, START), "Content-Encoding": "gzip"}
        assert (await posted(one.services, "zimperium", headers, packed)).accepted == 2
        with pytest.raises(NotAuthentic):
            await posted(one.services, "zimperium", {**headers, **signed(SECRET, body, START)}, packed)
        bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
        headers = {**signed(SECRET, bomb, START), "Content-Encoding": "gzip"}
        with pytest.raises(UnreadableReport) as caught:
            await posted(one.services, "zimperium", headers, bomb)
        assert caught.value.kind is Unreadable.TOO_LARGE
        (letter,) = await _letters(one)
        assert (letter.body, letter.size) == (None, len(bomb))


async def test_foreign_bodies_and_items_fill_no_store_and_one_line_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with world(dead_letters_per_hour=3) as one:
        for number in range(5):
            with pytest.raises(UnreadableReport):
                await accept(one.services, "zimperium", encoded({"foreign": number}))
        mixed = encoded([{"foreign": "item"}, *_items(1)])
        assert len((await accept(one.services, "zimperium", mixed)).rejected) == 1
        assert len(await _letters(one)) == 3
        assert len([r for r in caplog.records if "dead_letters_bounded" in r.getMessage()]) == 1
        with pytest.raises(UnreadableReport):
            await accept(one.services, "lookout", encoded({"foreign": 9}))
        one.clock.pass_time(hours=1)
        await accept(one.services, "zimperium", mixed)
        assert len(await _letters(one)) == 5


async def test_what_is_the_partners_own_is_never_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest_threat.dead_letters.MAX_KEPT", 2)
    async with world(dead_letters_per_hour=0) as one:
        for number in range(2):
            await accept(one.services, "zimperium", encoded([{"threat_uuid": f"x{number}"}]))
        with pytest.raises(StoreUnavailable) as refused:
            await accept(one.services, "zimperium", encoded([{"threat_uuid": "x2"}]))
        assert refused.value.retry_after == 3600
        one.clock.pass_time(hours=1)
        assert len((await accept(one.services, "zimperium", encoded([{"threat_uuid": "x2"}]))).rejected) == 1
        assert len(await _letters(one)) == 3


async def test_a_lookout_threat_alone_or_beside_its_device_is_one_report(tenant_world: World) -> None:
    phone = Phone.of("intake", "iphone", "iOS")
    threat, snapshot = lookout.low_threat(phone, "k", START), lookout.check_in(phone, START)
    assert isinstance(snapshot, dict)
    both = encoded({"events": [*snapshot["events"], threat]})
    assert (await accept(tenant_world.services, "lookout", both)).accepted == 2
    assert (await accept(tenant_world.services, "lookout", encoded(threat))).duplicates == 1


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("application/json; charset=UTF-8", True),
        ("application/x-ndjson", True),
        ("text/plain", True),
        ("application/json; odata=verbose", True),
        ("text/event-stream", True),
        ("", True),
        ("application/xml", False),
        ("application/json; charset=latin-1", False),
    ],
)
async def test_only_json_lines_and_text_in_utf8_are_taken(content_type: str, taken: bool) -> None:
    body = encoded(_items(1))
    async with world(webhook_secrets={"zimperium": SECRET}) as one:
        headers = {**signed(SECRET, body, START), "content-type": content_type}
        if taken:
            assert (await posted(one.services, "zimperium", headers, body)).accepted == 1
        else:
            with pytest.raises(WrongContentType):
                await posted(one.services, "zimperium", headers, body)


async def test_a_partner_whose_message_has_a_wrong_content_type_has_still_reported() -> None:
    body = encoded(_items(1))
    async with world(webhook_secrets={"zimperium": SECRET}) as one:
        headers = {**signed(SECRET, body, START), "content-type": "application/xml"}
        with pytest.raises(WrongContentType):
            await posted(one.services, "zimperium", headers, body)
        found = await one.services.store.read(Heartbeat, heartbeat_id("zimperium"))
        assert found is not None
        assert found.document.last_at == START
        assert await _reports(one) == []


async def test_a_partners_heartbeat_is_recorded_though_the_clock_was_set_back() -> None:
    body = encoded(_items(1))
    async with world(webhook_secrets={"zimperium": SECRET}) as one:
        for hours in (3, -2):
            one.clock.pass_time(hours=hours)
            now = one.clock()
            await posted(one.services, "zimperium", signed(SECRET, body, now), body)
            found = await one.services.store.read(Heartbeat, heartbeat_id("zimperium"))
            assert found is not None
            assert found.document.last_at == now


@pytest.mark.parametrize(
    ("canary", "delivery", "silent"),
    [("zimperium", "canary_1", True), ("zimperium", "msg_1", False), ("lookout", "canary_1", False)],
)
async def test_a_canarys_message_is_no_word_of_its_partner(canary: str, delivery: str, silent: bool) -> None:
    body = encoded(_items(1))
    async with world(webhook_secrets={"zimperium": SECRET}, canary_partner=canary) as one:
        stamp = str(int(START.timestamp()))
        headers = {
            "webhook-id": delivery,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signature(SECRET, delivery, stamp, body)}",
        }
        assert (await posted(one.services, "zimperium", headers, body)).accepted == 1
        found = await one.services.store.read(Heartbeat, heartbeat_id("zimperium"))
        assert (found is None) is silent, "a partner that is silent stays so whatever the canary sends"


async def test_both_secrets_of_a_rotation_are_taken() -> None:
    other = "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
    body = encoded(_items(1))
    async with world(webhook_secrets={"zimperium": f"{SECRET} {other}"}) as one:
        for secret in (SECRET, other):
            await posted(one.services, "zimperium", signed(secret, body, START), body)


@pytest.mark.parametrize("scheme", list(Scheme))
async def test_every_way_of_proof_opens_the_door_and_only_its_own(scheme: Scheme) -> None:
    given: dict[str, Any] = {field: {"zimperium": text} for field, text in texts(scheme, "zimperium").items()}
    body = encoded(_items(1))
    async with login_service() as login:
        proofs = {way: credentials(way, "zimperium", body, login) for way in Scheme}
        settings: dict[str, Any] = {"schemes": {"zimperium": scheme}, "entra_authority": login.authority}
        async with world(Clock(datetime.now(UTC)), **settings, **given) as one:
            for way, headers in proofs.items():
                if way is scheme:
                    assert (await posted(one.services, "zimperium", headers, body)).accepted == 1
                else:
                    with pytest.raises(NotAuthentic):
                        await posted(one.services, "zimperium", headers, body)


async def test_a_key_server_that_is_down_is_asked_again_later_and_nothing_is_stored() -> None:
    given: dict[str, Any] = {
        field: {"zimperium": text} for field, text in texts(Scheme.ENTRA, "zimperium").items()
    }
    body = encoded(_items(1))
    async with login_service() as login:
        headers = credentials(Scheme.ENTRA, "zimperium", body, login)
        login.status = 503
        settings: dict[str, Any] = {"schemes": {"zimperium": Scheme.ENTRA}}
        async with world(**settings, **given, entra_authority=login.authority) as one:
            with pytest.raises(KeysUnavailable):
                await posted(one.services, "zimperium", headers, body)
            assert dict(one.operations) == {}


def test_settings_that_name_no_partner_or_a_weak_secret_are_refused() -> None:
    with pytest.raises(SettingsError, match="PARTNERS_IOS: 'norton' is no partner"):
        check(Settings(partners={Platform.IOS: ("norton",)}))
    with pytest.raises(SettingsError, match="_NORTON: 'norton' is no partner"):
        check(Settings(schemes={"norton": Scheme.HEADER}))
    with pytest.raises(SettingsError, match="WEBHOOK_SECRETS_LOOKOUT") as caught:
        check(Settings(webhook_secrets={"lookout": "whsec_c2hvcnQ="}))
    assert "c2hvcnQ" not in str(caught.value)
    check(Settings(webhook_secrets={"lookout": SECRET}))


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("better_mobile_open", "Active", "no partner has a vocabulary of that name"),
        ("norton_resolved", "Closed", "no partner has a vocabulary of that name"),
        ("better_mobile_resolved", " , ", "expected words, separated by commas"),
    ],
)
def test_words_for_a_vocabulary_no_adapter_declares_are_refused_at_start(
    key: str, text: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        check(Settings(words={key: text}))
    assert str(caught.value) == f"WORDS_{key.upper()}: {expected}"
    check(Settings(words={"better_mobile_resolved": "Closed,, Over"}))


async def test_the_words_set_decide_what_a_partners_status_says() -> None:
    row = {"CompanyId": 1, "ThreatId": 2, "DeviceId": "agent-1", "ThreatType": "Jailbreak", "Status": "Over"}
    for text, status in (("Closed, over", "resolved"), ("Closed", "open")):
        async with world(words={"better_mobile_resolved": text}) as one:
            await accept(one.services, "better_mobile", encoded([row]))
            [report] = await _reports(one)
            assert report.record.model_dump()["status"] == status


def test_reports_and_dead_letters_live_ninety_days() -> None:
    assert CONTAINERS["reports"].ttl == CONTAINERS["dead_letters"].ttl == 90 * 86_400


async def test_two_broken_lines_are_two_letters_known_by_size_and_hash(tenant_world: World) -> None:
    good = encoded(_items(1)[0])
    await accept(tenant_world.services, "zimperium", b"\n".join([b"{bad one", good, b"{another bad one"]))
    letters = sorted(await _letters(tenant_world), key=lambda letter: letter.size)
    assert [(letter.size, letter.body) for letter in letters] == [(8, None), (16, None)]
    assert letters[0].sha256 == hashlib.sha256(b"{bad one").hexdigest()


async def test_items_the_store_refuses_are_each_kept_with_their_content(tenant_world: World) -> None:
    tenant_world.cosmos_faults.fail_next(413, times=2, container="reports", operation="create")
    answer = await accept(tenant_world.services, "zimperium", encoded(_items(2)))
    letters = await _letters(tenant_world)
    assert (len(answer.rejected), len(letters)) == (2, 2)
    assert all(isinstance(letter.body, dict) for letter in letters)


@pytest.mark.parametrize("word", ["APOCALYPTIC", "Unknown", "17"])
async def test_a_word_no_table_knows_is_reported_once_and_counts_as_grave(
    word: str, tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    items = [{**item, "severity_name": word} for item in _items(2)]
    answer = await accept(tenant_world.services, "zimperium", encoded(items))
    assert answer.unknown == [UnknownWord(index=i, what="severity", word=word) for i in range(2)]
    logged = [line for line in caplog.messages if line.startswith("unknown_word")]
    assert logged == [f"unknown_word partner=zimperium what=severity word={word}"]
    assert {
        r.record.severity for r in await _reports(tenant_world) if isinstance(r.record, ThreatRecord)
    } == {Level.HIGH}


async def test_a_status_no_table_knows_is_named_in_the_answer(tenant_world: World) -> None:
    """It neither opens nor closes anything, so whoever sent it must see it."""
    items = [{**item, "threat_status": "Escalated"} for item in _items(30)]
    answer = await accept(tenant_world.services, "zimperium", encoded(items))
    assert (answer.accepted, len(answer.unknown)) == (30, 20)
    assert answer.unknown[0] == UnknownWord(index=0, what="status", word="Escalated")


async def test_a_word_for_a_whole_device_that_no_table_knows_is_reported_too(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    item = {"id": "d-1", "healthState": {"state": "purple"}, "lastSeenAt": "2026-06-01T11:00:00Z"}
    await accept(tenant_world.services, "sophos", encoded(item))
    assert "unknown_word partner=sophos what=severity word=purple" in caplog.messages


async def test_free_texts_hold_no_secret_and_no_person(tenant_world: World) -> None:
    item = _items(1)[0] | {
        "threat_display_name": "IMEI 490154203237518 https://jane@x.example/?access_token=SECRET123&a=b"
    }
    await accept(tenant_world.services, "zimperium", encoded([item]))
    (report,) = await _reports(tenant_world)
    kept = report.model_dump_json()
    assert not [secret for secret in ("490154203237518", "SECRET123", "jane") if secret in kept]
