"""The sample scenario: Microsoft's two Mobile Threat Defense stories, played against what is running.

A run that was cut off goes on with the same phones and the same messages.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp

from local import sample_partners as send
from local import sample_tenant as tenant
from local.sample_tenant import Phone
from local.scenario.hands import PATIENCE, DoesNotHoldError, Hands
from local.scenario.journal import Journal
from local.stack import Stack


class Scenario:
    """One run of the scenario, and the phones and messages that belong to it."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, say: Callable[[str], None]) -> None:
        self.hands = Hands(stack, session)
        self.say = say
        self.journal = Journal(stack.data / "scenario.json")
        self.android = Phone.of(self.journal.run, "Android phone", "Android")
        self.iphone = Phone.of(self.journal.run, "iPhone", "iOS")
        self.stranger = Phone.of(self.journal.run, "new iPhone", "iOS")
        self.second = Phone.of(self.journal.run, "second Android phone", "Android")

    async def play(self) -> None:
        """All steps, in order; DoesNotHoldError at the first that is not as it must be."""
        if self.journal.done:
            self.say(f"going on with the run that was cut off after step ({self.journal.done[-1]})")
        steps: dict[str, Callable[[], Awaitable[str]]] = {
            "a": self.synced_and_granted,
            "b": self.infected_and_refused,
            "c": self.repeated_and_unchanged,
            "d": self.remediated_and_granted,
            "e": self.low_and_granted,
            "f": self.unknown_then_blocked,
            "g": self.throttled_and_blocked,
        }
        await self.admins_part()
        for name, step in steps.items():
            if name in self.journal.done:
                continue
            said = await step()
            self.say(f"({name}) {said}")
            self.journal.finish(name)
        self.journal.close()

    # --- the admin's part ---------------------------------------------------------------------------

    async def admins_part(self) -> None:
        """Import both Conditional Access templates, switch them on, and set the tenant up."""
        await self.hands.admin("connectors", tenant.connectors())
        await self.hands.admin("compliance-policies", tenant.compliance_policies())
        for phone in (self.android, self.iphone, self.second):
            await self.hands.enrol(phone)
        await self.hands.import_policies()
        self.say("the admin imported both Conditional Access policies and switched them on")

    # --- the steps ----------------------------------------------------------------------------------

    async def synced_and_granted(self) -> str:
        await self.hands.sync()
        await self.hands.until("the sync brings the Android phone", self.hands.known, self.android)
        await self.hands.until("the sync brings the iPhone", self.hands.known, self.iphone)
        for partner, message in self._check_ins():
            await self.hands.post(partner, message)
        for phone in (self.android, self.iphone):
            await self.hands.until(f"{phone.name} is allowed", self.hands.verdict, phone, "allow")
            await self.hands.expect(phone, granted=True)
        why = await self.hands.reason(self.iphone)
        return f"sync brought phones, rules and switches: granted at Exchange and SharePoint ({why})"

    async def infected_and_refused(self) -> str:
        begun = time.monotonic()
        await self.hands.post("zimperium", self._infection(self.android))
        await self.hands.until("the tag is in Entra", self.hands.tagged, self.android, "mtd-block-high")
        seconds = time.monotonic() - begun
        await self.hands.expect(self.android, granted=False)
        why = await self.hands.reason(self.android)
        return f"high network threat: refused at both, {seconds:.1f} s after the report ({why})"

    async def repeated_and_unchanged(self) -> str:
        before = await self.hands.explained(self.android)
        messages = [*self._check_ins(), ("zimperium", self._infection(self.android))] * 2
        random.shuffle(messages)
        answers = [await self.hands.post(partner, message) for partner, message in messages]
        if any(answer["accepted"] for answer in answers):
            raise DoesNotHoldError(f"a report sent again was counted again: {answers}")
        await asyncio.sleep(2)
        if await self.hands.explained(self.android) != before:
            raise DoesNotHoldError("reports sent again changed the device")
        await self.hands.expect(self.android, granted=False)
        return f"the same reports, shuffled and doubled: {len(answers)} messages, nothing changed"

    async def remediated_and_granted(self) -> str:
        begun = time.monotonic()
        at = self.journal.started + timedelta(seconds=5)
        await self.hands.post("zimperium", send.zimperium_threat(self.android, "mitm", at, resolved=True))
        await self.hands.until("the tag is mtd-ok", self.hands.tagged, self.android, "mtd-ok")
        seconds = time.monotonic() - begun
        await self.hands.expect(self.android, granted=True)
        why = await self.hands.reason(self.android)
        return f"remediated: granted at both, {seconds:.1f} s after the report ({why})"

    async def low_and_granted(self) -> str:
        at = self.journal.started + timedelta(seconds=5)
        await self.hands.post("lookout", send.lookout_threat(self.iphone, "torch", at))
        await self.hands.until("the low threat counts", self.hands.risk, self.iphone, "low")
        await self.hands.expect(self.iphone, granted=True)
        why = await self.hands.reason(self.iphone)
        return f"low threat where the rule allows low: granted at both ({why})"

    async def unknown_then_blocked(self) -> str:
        known = await self.hands.known(self.stranger)
        event = send.jamf_event(
            self.stranger,
            self.journal.started,
            name="SSL_MITM_UNTRUSTED_VALID_CERT",
            action="Detected",
            severity=10,
        )
        await self.hands.post("wandera_jamf", event)
        await asyncio.sleep(1)
        parked = "it was known already" if known else "nobody knew it: parked"
        if not known and await self.hands.known(self.stranger):
            raise DoesNotHoldError("a device appeared that no sync has brought")
        await self.hands.enrol(self.stranger)
        await self.hands.sync()
        await self.hands.until("the parked threat counts", self.hands.tagged, self.stranger, "mtd-block-high")
        await self.hands.expect(self.stranger, granted=False)
        why = await self.hands.reason(self.stranger)
        return f"threat for a new phone ({parked}), refused at both after the next sync ({why})"

    async def throttled_and_blocked(self) -> str:
        throttle = {"times": 2, "retry_after": "1", "method": "PATCH", "path_contains": "/devices"}
        await self.hands.admin("faults", {"fault": "throttle", "arguments": throttle})
        begun = time.monotonic()
        await self.hands.post("zimperium", self._infection(self.second))
        await self.hands.until("the decision is made", self.hands.verdict, self.second, "block")
        while not await self.hands.tagged(self.second, "mtd-block-high"):
            if time.monotonic() - begun > PATIENCE:
                raise DoesNotHoldError("a throttling Graph kept the block out for good")
            await self.hands.run_timer("retry_pending_tags")
            await asyncio.sleep(0.5)
        await self.hands.expect(self.second, granted=False)
        seconds = time.monotonic() - begun
        why = await self.hands.reason(self.second)
        return f"Graph throttled the write twice: refused at both all the same, {seconds:.1f} s ({why})"

    def _check_ins(self) -> list[tuple[str, send.Message]]:
        """What the iPhone's two agents say when all is well: a blocked page, and a secure snapshot."""
        at = self.journal.started
        page = send.jamf_event(self.iphone, at, name="ACCESS_PHISHING_HOST", action="Blocked", severity=6)
        return [("wandera_jamf", page), ("lookout", send.lookout_device(self.iphone, at))]

    def _infection(self, phone: Phone) -> send.Message:
        return send.zimperium_threat(phone, "mitm", self.journal.started)


async def play(stack: Stack, say: Callable[[str], None]) -> bool:
    """Play the scenario and say each step; whether every step held."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        try:
            await Scenario(stack, session, say).play()
        except DoesNotHoldError as error:
            say(f"DOES NOT HOLD: {error}")
            return False
    return True
