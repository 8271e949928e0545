"""What local rules would change, before they do: devices that would be decided otherwise, and why.

Asked without a file, it is about the dry rules of the file in use; with one, about that file in place of it.
Nothing is written.
"""

from dataclasses import replace

from pydantic import BaseModel

from evaluate_risk.decide import outlook, policy
from serve_console.changes import Change, Outlook, change
from serve_console.paging import page
from shared.cosmos import DEVICES_WHOLE
from shared.domain.local_rules import LocalRules, parse
from shared.domain.model import Device
from shared.domain.rule import RuleSource
from shared.errors import BadRequest, SettingsError
from shared.headers import Headers
from shared.services import Services


class Preview(BaseModel):
    """One page of devices looked at, and those of them that would change."""

    rules: list[str]
    """Names of the rules that were tried."""
    looked_at: int
    changes: list[Change]
    token: str | None
    """Continues with the next devices; null at the end."""


async def preview_rules(services: Services, top: str | None = None, token: str | None = None) -> Preview:
    """Decide a page of devices as if the rules marked `dry_run` held, and compare. Raises BadRequest."""
    return await _preview(services, services.local_rules, top, token)


async def preview_posted_rules(
    services: Services, headers: Headers, body: bytes, top: str | None = None, token: str | None = None
) -> Preview:
    """The same by the local rules of a posted file. Raises BadRequest where it is wrong."""
    try:
        local = parse(body, "the file")
    except SettingsError as error:
        raise BadRequest(str(error)) from None
    return await _preview(services, local, top, token)


async def _preview(services: Services, local: LocalRules, top: str | None, token: str | None) -> Preview:
    now_in_force = await policy(services)
    tried = (*local.rules, *local.dry)
    intunes = tuple(rule for rule in now_in_force.rules if rule.source is RuleSource.INTUNE)
    switches = replace(now_in_force.switches, minimum_os=local.minimum_os)
    other = replace(now_in_force, rules=(*intunes, *tried), switches=switches)
    found = await page(services, Device, Device.container, DEVICES_WHOLE, top, token)
    changes: list[Change] = []
    now = services.now()
    for device in found.rows:
        before, after = (Outlook(*outlook(device, each, now)) for each in (now_in_force, other))
        changed = change(device, before, after, now)
        changes += [changed] if changed else []
    names = list(dict.fromkeys(rule.name for rule in tried))
    return Preview(rules=names, looked_at=len(found.rows), changes=changes, token=found.token)
