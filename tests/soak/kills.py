"""The app as a process of its own under load: ended by SIGKILL at any moment, and begun anew.

What it talks to is another process, which goes on, and is killed between some of its lives.

Two partners send about a few phones; who gets no answer sends again, as a partner does. What is counted at
the end is read from the store's own file.
"""

import asyncio
import pathlib
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp

from ingest_threat.partners import parse
from local import sample_tenant
from local.cosmos.store import bodies
from local.partners.authentication import signed
from local.partners.message import encoded
from local.sample_tenant import Phone
from local.scenario.hands import Hands
from shared.domain.level import Level
from shared.domain.model import Device, Report
from shared.domain.record import DeviceStateRecord, ThreatRecord
from tests.end_to_end.machine import READ_KEY, SECRET, Machine, by_webhook, hands_of, machine
from tests.histories.operations.admins import agent_id
from tests.histories.operations.partners import VOICES
from tests.histories.oracle import agents
from tests.histories.tenant import PARTNER

PHONES = [Phone.of("soak", str(number), ("iOS", "Android")[number % 2]) for number in range(12)]
SENDERS = 6
LIVES = (0.2, 4.0)
"""Seconds for which it serves before it is killed."""
LIVES_OF_SERVERS = 5
"""Of the app, at most, before what it talks to is killed as well."""
REST_SECONDS = 120.0
"""After the last kill: for how long at most what was sent may take to arrive everywhere."""


@dataclass
class Toll:
    """What was seen."""

    kills: int = 0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    """Messages that were answered 202, with their partner."""
    unanswered: list[tuple[str, bytes]] = field(default_factory=list)
    """Messages whose answer never came; they are sent again."""
    again: int = 0
    """How often one was."""
    repaired: int = 0
    """Phones that were not as their reports had it when a kill came, and are in the end."""
    stored: int = 0
    lost: int = 0
    doubled: int = 0
    """Reports that are stored and are none of those sent: the same one under another id."""
    wrong: list[str] = field(default_factory=list)
    """What does not agree with the reports, once all is quiet."""


async def killed_often(
    folder: pathlib.Path, seed: int, until: float, say: Callable[[str], None], at_most: int
) -> Toll:
    """Kill it until `until` (of the monotonic clock), `at_most` so often."""
    toll, chance = Toll(), random.Random(seed)
    env = by_webhook(PARTNERS_IOS="lookout", PARTNERS_ANDROID="zimperium", LOCAL_FUNCTION_KEY=READ_KEY)
    env |= {"GUARD_DEVICES": "1000", "PARTNER_REPORTS_PER_MINUTE": "100000"}
    async with machine(folder, env=env) as one, aiohttp.ClientSession() as http:
        await one.until("serving until Ctrl-C")
        await _enrolled(hands_of(one, env, folder, http), toll)
    while time.monotonic() < until and toll.kills < at_most:
        async with machine(folder, "--servers", env=env) as servers:
            await servers.until("serving until Ctrl-C")
            for _ in range(min(chance.randint(1, LIVES_OF_SERVERS), at_most - toll.kills)):
                if time.monotonic() < until:
                    await _lived(folder, env, toll, chance)
                    say(f"{toll.kills} kills: {len(toll.accepted):,} accepted, {toll.again} sent again")
            await servers.killed()
    async with machine(folder, env=env) as one, aiohttp.ClientSession() as http:
        await one.until("serving until Ctrl-C")
        for partner, body in [toll.unanswered.pop() for _ in toll.unanswered[:]]:
            toll.again += 1
            if not await _send(one, http, toll, partner, body):
                toll.wrong.append("it does not answer, though nobody kills it")
        toll.wrong += [f"{partner} was put off to the end" for partner, _ in toll.unanswered]
        await _counted(hands_of(one, env, folder, http), folder, toll)
    return toll


async def _lived(folder: pathlib.Path, env: dict[str, str], toll: Toll, chance: random.Random) -> None:
    """One life of the app, to its kill."""
    async with machine(folder, "--host", env=env) as one:
        await one.until("serving until Ctrl-C")
        async with asyncio.TaskGroup() as senders:
            for _ in range(SENDERS):
                senders.create_task(_sends(one, toll, random.Random(chance.random())))
            await asyncio.sleep(chance.uniform(*LIVES))
            await one.killed()
    toll.kills += 1
    toll.repaired += len(_otherwise(*_stored(folder)))


async def _enrolled(hands: Hands, toll: Toll) -> None:
    """Phones that Intune knows, and whose agents have said which they are."""
    await hands.admin("connectors", sample_tenant.connectors())
    await hands.admin("compliance-policies", sample_tenant.compliance_policies())
    for phone in PHONES:
        await hands.enroll(phone)
    await hands.import_policies()
    await hands.sync()
    for phone in PHONES:
        await hands.until("the sync brings the phones", hands.known, phone)
        partner = PARTNER[phone.system]
        message = VOICES[partner].check_in(phone, datetime.now(UTC) - timedelta(hours=1))
        await hands.post(partner, message)
        toll.accepted.append((partner, encoded(message)))


async def _sends(one: Machine, toll: Toll, chance: random.Random) -> None:
    """Send until nobody is there any more."""
    async with aiohttp.ClientSession() as http:
        while one.process.returncode is None:
            if toll.unanswered and chance.random() < 0.5:
                toll.again += 1
                partner, body = toll.unanswered.pop()
            else:
                partner, body = _message(chance)
            if not await _send(one, http, toll, partner, body):
                return


def _message(chance: random.Random) -> tuple[str, bytes]:
    phone, key = chance.choice(PHONES), chance.choice("abc")
    partner = PARTNER[phone.system]
    voice = VOICES[partner]
    at = datetime.now(UTC) - timedelta(seconds=chance.randint(0, 600))
    says = chance.choice(["detection", "detection", "resolution", "check_in"])
    message = voice.check_in(phone, at) if says == "check_in" else getattr(voice, says)(phone, key, at)
    return partner, encoded(message)


async def _send(one: Machine, http: aiohttp.ClientSession, toll: Toll, partner: str, body: bytes) -> bool:
    """Whether it was answered; where it was not, it is noted as such."""
    headers, url = signed(SECRET, body), f"{one.url}/api/partners/{partner}/reports"
    try:
        async with http.post(url, data=body, headers=headers) as answer:
            await answer.read()
    except (aiohttp.ClientError, OSError):
        toll.unanswered.append((partner, body))
        return False
    if answer.status == 202:
        toll.accepted.append((partner, body))
    elif answer.status in {429, 503}:
        toll.unanswered.append((partner, body))
    else:
        toll.wrong.append(f"{partner} was answered {answer.status}")
    return True


async def _counted(hands: Hands, folder: pathlib.Path, toll: Toll) -> None:
    """Wait until all is as the reports have it, and count."""
    given_up = time.monotonic() + REST_SECONDS
    while True:
        reports, devices = await asyncio.to_thread(_stored, folder)
        wrong = [*_otherwise(reports, devices), *[each async for each in _not_shown(hands, devices)]]
        if not wrong or time.monotonic() > given_up:
            break
        await asyncio.sleep(1)
    toll.wrong += wrong
    count(toll, reports)


def count(toll: Toll, reports: Sequence[Report]) -> None:
    """Hold what is stored against what was accepted."""
    now = datetime.now(UTC)
    due = {
        Report.of(record, record.partner_device_id or "", now).id
        for partner, body in toll.accepted
        for record in parse(partner, body, received_at=now)
        if isinstance(record, ThreatRecord | DeviceStateRecord)
    }
    ids = {report.id for report in reports}
    toll.stored, toll.lost, toll.doubled = len(reports), len(due - ids), len(ids - due)


def _otherwise(reports: list[Report], devices: dict[str, Device]) -> list[str]:
    """Phones whose risk is not what the reports come to."""
    states, wrong = agents(reports), []
    for phone in PHONES:
        state = states.get(agent_id(phone))
        expected, decision = state.level() if state else Level.SECURED, devices[phone.entra_id].decision
        if decision is None or decision.risk is not expected:
            wrong.append(f"{phone.name} is {decision and decision.risk}, by its reports {expected}")
    return wrong


async def _not_shown(hands: Hands, devices: dict[str, Device]) -> AsyncIterator[str]:
    """Phones of which Entra does not show what is wanted."""
    for phone in PHONES:
        wanted = devices[phone.entra_id].tag.wanted
        if wanted is not None and not await hands.tagged(phone, wanted):
            yield f"Entra does not show {wanted} of {phone.name}"


def _stored(folder: pathlib.Path) -> tuple[list[Report], dict[str, Device]]:
    """Every report and every device, as they lie in the store's file."""
    store = folder / "cosmos.sqlite"
    devices = [Device.model_validate_json(body) for body in bodies(store, Device.container)]
    reports = [Report.model_validate_json(body) for body in bodies(store, Report.container)]
    return reports, {device.id: device for device in devices}
