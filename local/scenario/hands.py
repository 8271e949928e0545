"""What the scenario can do and ask: the partners' posts, the admin's hands in the tenant, questions to Graph.

Whether a phone gets in is always asked of Graph: its attributes and compliance are read there and handed to
What If, and only policies that are on count.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from local import sample_tenant as tenant
from local.partners.authentication import authenticated
from local.partners.message import Message, encoded
from local.sample_tenant import Phone
from local.stack import ROOT, Stack

APPS = {
    "Exchange Online": "00000002-0000-0ff1-ce00-000000000000",
    "SharePoint Online": "00000003-0000-0ff1-ce00-000000000000",
}
PATIENCE = 45.0
WHAT_IF_PAUSE = 1.05
ATTEMPTS = 20
"""Seconds between calls to Conditional Access: Graph takes one a second."""


class DoesNotHoldError(Exception):
    """A step of the scenario is not as it must be."""


class Hands:
    """Everything the steps do over HTTP."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self.stack = stack
        self.session = session
        self.last_asked = 0.0

    async def expect(self, phone: Phone, *, granted: bool) -> None:
        for app, app_id in APPS.items():
            if await self.granted(phone, app_id) is not granted:
                raise DoesNotHoldError(f"{phone.name} is {'refused' if granted else 'granted'} at {app}")

    async def granted_at_exchange(self, phone: Phone) -> bool:
        return await self.granted(phone, APPS["Exchange Online"])

    async def granted(self, phone: Phone, app_id: str) -> bool:
        """Whether a sign-in from the phone gets in: every policy that is on and applies must be satisfied."""
        device = await self.graph("GET", f"/devices(deviceId='{phone.entra_id}')")
        question = {
            "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": tenant.USER},
            "signInContext": {
                "@odata.type": "#microsoft.graph.applicationContext",
                "includeApplications": [app_id],
            },
            "signInConditions": {
                "devicePlatform": "iOS" if phone.system == "iOS" else "android",
                "clientAppType": "mobileAppsAndDesktopClients",
                "deviceInfo": {
                    "deviceId": device["deviceId"],
                    "isCompliant": device["isCompliant"],
                    **device["extensionAttributes"],
                },
            },
            "appliedPoliciesOnly": True,
        }
        answer = await self.graph("POST", "/identity/conditionalAccess/evaluate", question)
        applying = [p for p in answer["value"] if p["policyApplies"] and p["state"] == "enabled"]
        met = {"compliantDevice"} if device["isCompliant"] else set()
        return all(met & set(policy["grantControls"]["builtInControls"]) for policy in applying)

    async def tagged(self, phone: Phone, value: str) -> bool:
        device = await self.graph("GET", f"/devices(deviceId='{phone.entra_id}')")
        attribute = f"extensionAttribute{self._attribute()}"
        return bool(device["extensionAttributes"][attribute] == value)

    async def set_tag(self, phone: Phone, value: str | None) -> None:
        """Somebody writes the attribute by hand."""
        body = {"extensionAttributes": {f"extensionAttribute{self._attribute()}": value}}
        await self.graph("PATCH", f"/devices(deviceId='{phone.entra_id}')", body)

    async def tag_state(self, phone: Phone, state: str) -> bool:
        explained = await self.explained(phone)
        return bool(explained and explained["tag"]["state"] == state)

    async def known(self, phone: Phone) -> bool:
        return await self.explained(phone) is not None

    async def verdict(self, phone: Phone, verdict: str) -> bool:
        explained = await self.explained(phone)
        return bool(explained and explained["decision"]["verdict"] == verdict)

    async def risk(self, phone: Phone, risk: str) -> bool:
        explained = await self.explained(phone)
        return bool(explained and explained["decision"]["risk"] == risk)

    async def opened(self, phone: Phone, threat_type: str) -> bool:
        findings = [finding for slot in await self._slots(phone) for finding in slot["findings"]]
        return any(finding["threat_type"] == threat_type for finding in findings)

    async def named_by(self, phone: Phone, agent: str) -> bool:
        return any(slot["agent"] == agent for slot in await self._slots(phone))

    async def left_by(self, phone: Phone, agent: str) -> bool:
        return any(slot["agent"] == agent and slot["moved"] for slot in await self._slots(phone))

    async def missing(self, phone: Phone, *partners: str) -> bool:
        explained = await self.explained(phone)
        return bool(explained and {*partners} <= {*explained["decision"]["missing"]})

    async def reason(self, phone: Phone) -> str:
        explained = await self.explained(phone)
        return str(explained["decision"]["reasons"][0]) if explained else "not known"

    async def said(self, phone: Phone, words: str) -> bool:
        explained = await self.explained(phone)
        return bool(explained and any(words in reason for reason in explained["decision"]["reasons"]))

    async def explained(self, phone: Phone) -> dict[str, Any] | None:
        url = f"{self.stack.host_url}/api/devices/{phone.entra_id}"
        async with self.session.get(url, headers=self.read_key()) as answer:
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise DoesNotHoldError(f"GET /devices answered {answer.status}")
            explained: dict[str, Any] = await answer.json()
        return {key: value for key, value in explained.items() if key != "asked_at"}

    async def _slots(self, phone: Phone) -> list[dict[str, Any]]:
        explained = await self.explained(phone)
        return explained["agents"] if explained else []

    async def until(self, what: str, question: Callable[..., Awaitable[bool]], *about: object) -> None:
        """Wait until `question` about those things is answered with yes; DoesNotHoldError after 45 s."""
        begun = time.monotonic()
        while not await question(*about):
            if time.monotonic() - begun > PATIENCE:
                raise DoesNotHoldError(f"{what}: not within {PATIENCE:.0f} s")
            await asyncio.sleep(0.05)

    async def post(self, partner: str, message: Message) -> dict[str, Any]:
        """Send a partner's message, authenticated, and return the answer; anything but 202 does not hold."""
        url = f"{self.stack.host_url}/api/partners/{partner}/reports"
        body = encoded(message)
        headers = await authenticated(self.stack.settings, partner, body, self.entra_token)
        async with self.session.post(url, data=body, headers=headers) as answer:
            if answer.status != 202:
                raise DoesNotHoldError(f"{partner} was answered {answer.status}: {await answer.text()}")
            content: dict[str, Any] = await answer.json()
        if content["rejected"]:
            raise DoesNotHoldError(f"{partner} was answered that items cannot be read: {content['rejected']}")
        return content

    async def vendor(self, what: str, body: object) -> None:
        """Have something happen at a vendor's that is polled."""
        async with self.session.post(f"{self.stack.vendors_url}/_sim/{what}", json=body) as answer:
            if answer.status != 200:
                raise DoesNotHoldError(f"the vendors' stand-in answered {answer.status} to {what}")

    async def drop(self, name: str, content: bytes) -> None:
        """Have a file lie in the container that is polled."""
        async with self.session.put(f"{self.stack.azure_url}/_sim/files/{name}", data=content) as answer:
            if answer.status != 200:
                raise DoesNotHoldError(f"the storage's stand-in answered {answer.status}")

    async def write(self, table: str, rows: object) -> None:
        """Have rows arrive in a table that is polled."""
        async with self.session.post(f"{self.stack.azure_url}/_sim/tables/{table}", json=rows) as answer:
            if answer.status != 200:
                raise DoesNotHoldError(f"the workspace's stand-in answered {answer.status}")

    async def inventory(self, partner: str, *phones: Phone) -> dict[str, list[str]]:
        """What a partner gets of these phones that fetches its app inventory from the beginning: names of
        apps by device. Phones of earlier runs have theirs too."""
        headers = await authenticated(self.stack.settings, partner, b"", self.entra_token)
        url = f"{self.stack.host_url}/api/partners/{partner}/inventory?top=500"
        kept: dict[str, list[str]] = {}
        since, more = "", True
        while more:
            async with self.session.get(url + since, headers=headers) as answer:
                if answer.status != 200:
                    raise DoesNotHoldError(f"{partner}'s fetch was answered {answer.status}")
                page = await answer.json()
            kept |= {row["device_id"]: sorted(app["name"] for app in row["apps"]) for row in page["devices"]}
            for row in page["removed"]:
                kept.pop(row["device_id"], None)
            since, more = f"&since={page['since']}", page["more"]
        return {id_: apps for id_, apps in kept.items() if id_ in {phone.entra_id for phone in phones}}

    async def import_links(self, agents: list[tuple[str, Phone]]) -> None:
        """Link agents by hand, as an admin with a file does: look at the preview, then apply it."""
        rows = [
            f"{partner},{phone.agent_id},{phone.entra_id},seen in its console" for partner, phone in agents
        ]
        body = "\n".join(["partner,partner_device_id,device,reason", *rows]).encode()
        preview = await self.app("POST", "agents/links", body)
        await self.app("POST", f"agents/links?apply={preview['token']}", body)

    async def app(self, method: str, path: str, body: bytes, kind: str = "text/csv") -> dict[str, Any]:
        """Ask the app as an admin who may write; anything but 200 does not hold."""
        role = {"audience": self.stack.settings["ADMIN_AUDIENCE"], "roles": ["Mtd.Admin"]}
        token = await self.entra_token({"tenant": self.stack.settings["ADMIN_TENANT"], **role})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        url = f"{self.stack.host_url}/api/{path}"
        async with self.session.request(method, url, data=body, headers=headers) as answer:
            if answer.status != 200:
                raise DoesNotHoldError(f"{method} {path} answered {answer.status}: {await answer.text()}")
            content: dict[str, Any] = await answer.json()
            return content

    async def command(self, method: str, path: str, body: object) -> dict[str, Any]:
        """Have an admin change something, in JSON."""
        return await self.app(method, path, json.dumps(body).encode(), "application/json")

    async def asked(self, path: str) -> dict[str, Any]:
        """What the app answers to a read; anything but 200 does not hold."""
        url = f"{self.stack.host_url}/api/{path}"
        async with self.session.get(url, headers=self.read_key()) as answer:
            if answer.status != 200:
                raise DoesNotHoldError(f"GET {path} answered {answer.status}: {await answer.text()}")
            content: dict[str, Any] = await answer.json()
            return content

    async def entra_token(self, wanted: dict[str, object]) -> str:
        """An access token of the simulated login service."""
        async with self.session.post(f"{self.stack.graph_url}/_sim/token", json=wanted) as answer:
            return await answer.text()

    async def graph(self, method: str, path: str, body: object = None) -> Any:
        """Ask Graph as an admin; of Conditional Access, which the app asks too, again when throttled."""
        token = await self.token()
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.stack.graph_url}/v1.0{path}"
        for left in reversed(range(ATTEMPTS if path.startswith("/identity") else 1)):
            if path.startswith("/identity"):
                await asyncio.sleep(max(0.0, self.last_asked + WHAT_IF_PAUSE - time.monotonic()))
                self.last_asked = time.monotonic()
            async with self.session.request(method, url, json=body, headers=headers) as answer:
                if answer.status == 429 and left:
                    continue
                if answer.status >= 400:
                    raise DoesNotHoldError(f"Graph answered {answer.status} to {method} {path}")
                return await answer.json() if answer.status != 204 else None
        return None

    async def token(self) -> str:
        url = f"{self.stack.graph_url}/msi/token?resource=https://graph.microsoft.com&api-version=2019-08-01"
        async with self.session.get(url, headers={"X-IDENTITY-HEADER": "local"}) as answer:
            return str((await answer.json())["access_token"])

    async def blocked(self, phone: Phone, tag: str = "mtd-block-high") -> bool:
        """Whether the phone is tagged so; where it waits under the mass-change stop, as after steps that
        block many phones and on the data of earlier runs, an admin approves that."""
        if await self.tagged(phone, tag):
            return True
        await self.approve("phones of earlier steps and runs, which nobody reports of any more")
        return False

    async def approve(self, reason: str) -> None:
        """Approve what waits under the mass-change stop, where one is open."""
        stop = (await self.asked("approvals"))["stop"]
        if stop is not None:
            await self.command("POST", f"approvals/{stop['id']}", {"reason": reason})

    async def enroll(self, phone: Phone, **more: str) -> None:
        await self.admin("devices", phone.managed | more)
        try:
            await self.graph("GET", f"/devices(deviceId='{phone.entra_id}')")
        except DoesNotHoldError:
            await self.admin("devices", phone.entra)

    async def admin(self, what: str, body: object) -> None:
        async with self.session.post(f"{self.stack.graph_url}/_sim/{what}", json=body) as answer:
            if answer.status != 204:
                raise DoesNotHoldError(f"the Graph simulator answered {answer.status} to {what}")

    async def sync(self) -> None:
        await self.run_timer("sync_inventory")

    async def run_timer(self, name: str) -> None:
        url = f"{self.stack.host_url}/admin/functions/{name}"
        async with self.session.post(url, headers=self.key(), json={}) as answer:
            if answer.status != 202:
                raise DoesNotHoldError(f"the host answered {answer.status} to running {name}")

    def key(self) -> dict[str, str]:
        """The host\'s own key: it runs timers."""
        return {"x-functions-key": self.stack.settings.get("LOCAL_FUNCTION_KEY", "")}

    def read_key(self) -> dict[str, str]:
        return {"X-Api-Key": self.stack.read_key}

    async def import_policies(self) -> None:
        """Import the set of Conditional Access policies as an admin would, and switch it on."""
        existing = await self.graph("GET", "/identity/conditionalAccess/policies")
        have = {policy["displayName"] for policy in existing["value"]}
        for policy in json.loads(await asyncio.to_thread(self._rendered)):
            if policy["displayName"] not in have:
                made = await self.graph("POST", "/identity/conditionalAccess/policies", policy)
                path = f"/identity/conditionalAccess/policies/{made['id']}"
                await self.graph("PATCH", path, {"state": "enabled"})

    async def switch_policy(self, begins: str, state: str) -> None:
        """Have an admin switch the policy on or off whose name begins so."""
        existing = await self.graph("GET", "/identity/conditionalAccess/policies")
        [policy] = [each for each in existing["value"] if each["displayName"].startswith(begins)]
        await self.graph("PATCH", f"/identity/conditionalAccess/policies/{policy['id']}", {"state": state})

    async def health(self) -> str:
        """The word of /health, whatever its status."""
        async with self.session.get(f"{self.stack.host_url}/api/health") as answer:
            return str((await answer.json())["status"])

    def _rendered(self) -> bytes:
        command = [sys.executable, "-m", "infra.access", "render"]
        given = ["--break-glass", tenant.BREAK_GLASS, "--attribute", self._attribute()]
        return subprocess.run([*command, *given], cwd=ROOT, capture_output=True, check=True).stdout

    def _attribute(self) -> str:
        return self.stack.settings.get("TAG_ATTRIBUTE") or "7"
