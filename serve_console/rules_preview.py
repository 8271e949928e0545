"""What local rules would change, before they do: devices that would be decided otherwise, and why.

Asked without a file, it is about the dry rules of the file in use; with one, about that file in place of it.
Nothing is written.
"""

from dataclasses import replace

from pydantic import BaseModel

from evaluate_risk.decide import policy, preview
from serve_console.paging import page
from shared.cosmos import DEVICES_WHOLE
from shared.domain.local_rules import LocalRules, parse
from shared.domain.model import Device, Verdict
from shared.domain.rule import RuleSource
from shared.errors import BadRequest, SettingsError
from shared.headers import Headers
from shared.services import Services


class Change(BaseModel):
    """A device that would be decided otherwise."""

    device: str
    name: str | None
    verdict: Verdict
    would_be: Verdict
    rule: str | None
    why: list[str]
    tag: str | None
    """The tag that would be wanted."""


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
    changes = []
    for device in found.rows:
        before, after = (preview(device, each, services.now()) for each in (now_in_force, other))
        if before.verdict is not after.verdict or before.tag != after.tag:
            changes.append(
                Change(
                    device=device.id,
                    name=device.facts.name,
                    verdict=before.verdict,
                    would_be=after.verdict,
                    rule=after.rule_name,
                    why=list(after.reasons),
                    tag=after.tag,
                )
            )
    names = list(dict.fromkeys(rule.name for rule in tried))
    return Preview(rules=names, looked_at=len(found.rows), changes=changes, token=found.token)
