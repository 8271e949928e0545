"""What another set of partners would change, before the settings name it: a change of vendors, tried out.

The partners that are tried count as if their connectors were switched on. Nothing is written.
"""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel

from evaluate_risk.decide import outlook, partners_present, policy
from ingest_threat.intake import known_partners
from serve_console.changes import Change, Outlook, change
from serve_console.paging import page
from shared.cosmos import DEVICES_WHOLE
from shared.domain.model import Device, Verdict
from shared.domain.record import PLATFORMS, Platform
from shared.domain.switches import PartnersMode, Switches
from shared.environment import words
from shared.errors import BadRequest
from shared.services import Services


class Tried(BaseModel):
    """What is tried on one platform."""

    partners: list[str]
    mode: PartnersMode
    switched_off: list[str]
    """Those of them whose connector in Intune is off there: they would not count until it is on."""


class PartnersPreview(BaseModel):
    """One page of devices looked at, those of them that would change, and who has whose agents."""

    tried: dict[Platform, Tried]
    looked_at: int
    would_be_blocked: int
    would_be_let_in: int
    with_every_agent: int
    """Of those looked at, how many have a present agent of each partner that is tried; so much for both."""
    with_some_agents: int
    with_no_agent: int
    changes: list[Change]
    token: str | None
    """Continues with the next devices; null at the end."""


async def preview_partners(
    services: Services,
    ios: str | None = None,
    android: str | None = None,
    ios_mode: str | None = None,
    android_mode: str | None = None,
    top: str | None = None,
    token: str | None = None,
) -> PartnersPreview:
    """Decide a page of devices as if these partners counted, and compare. Raises BadRequest."""
    now_in_force, now = await policy(services), services.now()
    slugs = {Platform.IOS: ios, Platform.ANDROID: android}
    modes = {Platform.IOS: ios_mode, Platform.ANDROID: android_mode}
    tried = {
        platform: _tried(now_in_force.switches, platform, slugs[platform], modes[platform])
        for platform in PLATFORMS
        if (slugs[platform], modes[platform]) != (None, None)
    }
    if not tried:
        raise BadRequest("expected ios or android: partners' slugs, separated by commas")
    other = replace(now_in_force, switches=_switches(now_in_force.switches, tried))
    found = await page(services, Device, Device.container, DEVICES_WHOLE, top, token)
    devices = [device for device in found.rows if device.facts.platform in tried]
    changes: list[Change] = []
    present = {"every": 0, "some": 0, "no": 0}
    for device in devices:
        before, after = (Outlook(*outlook(device, each, now)) for each in (now_in_force, other))
        changed = change(device, before, after, now)
        changes += [changed] if changed else []
        agents = partners_present(device, other, now)
        missing = {*tried[device.facts.platform].partners} - agents
        present["no" if not agents else "some" if missing else "every"] += 1
    return PartnersPreview(
        tried=tried,
        looked_at=len(devices),
        would_be_blocked=sum(each.would_be is Verdict.BLOCK for each in changes),
        would_be_let_in=sum(_let_in(each) for each in changes),
        with_every_agent=present["every"],
        with_some_agents=present["some"],
        with_no_agent=present["no"],
        changes=changes,
        token=found.token,
    )


def _let_in(change: Change) -> bool:
    return change.verdict is Verdict.BLOCK and change.would_be is Verdict.ALLOW


def _tried(switches: Switches, platform: Platform, slugs: str | None, mode: str | None) -> Tried:
    partners = _partners(platform, slugs) if slugs is not None else [*switches.enabled.get(platform, ())]
    connectors = switches.connectors
    off = [p for p in partners if p in connectors and platform not in connectors[p].enabled]
    return Tried(partners=partners, mode=_mode(platform, mode, switches), switched_off=off)


def _partners(platform: Platform, slugs: str) -> list[str]:
    named = list(dict.fromkeys(words(slugs.lower())))
    unknown = [slug for slug in named if slug not in known_partners()]
    if unknown or not named:
        expected = ", ".join(sorted(known_partners()))
        raise BadRequest(f"{platform}: expected partners of {expected}, separated by commas")
    return named


def _mode(platform: Platform, mode: str | None, switches: Switches) -> PartnersMode:
    if mode is None:
        return switches.mode(platform)
    try:
        return PartnersMode(mode.strip().lower())
    except ValueError:
        raise BadRequest(f"{platform}_mode: expected {' or '.join(PartnersMode)}") from None


def _switches(now: Switches, tried: Mapping[Platform, Tried]) -> Switches:
    """The switches as if what is tried were set, no partner preferred, and its connectors on."""
    connectors = dict(now.connectors)
    for platform, each in tried.items():
        for partner in each.switched_off:
            on = connectors[partner].enabled | {platform}
            connectors[partner] = connectors[partner].model_copy(update={"enabled": on})
    return replace(
        now,
        enabled={**now.enabled, **{p: tuple(each.partners) for p, each in tried.items()}},
        preferred={p: partner for p, partner in now.preferred.items() if p not in tried},
        modes={**now.modes, **{p: each.mode for p, each in tried.items()}},
        connectors=connectors,
    )
