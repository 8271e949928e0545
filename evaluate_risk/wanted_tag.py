"""From a decision to the tag that is wanted on the Entra device, and what is to follow it. Pure."""

from datetime import datetime

from evaluate_risk.policy import Policy
from shared.domain.follow_up import FollowUp
from shared.domain.mode import Mode
from shared.domain.model import Decision, Device, Tag, TagState
from shared.domain.tag import HIGH_TAG, OK_TAG, is_block

INTUNE_ONLY = "intune:"
"""How the id of a device begins that Entra does not know."""
WAITING = frozenset({TagState.PENDING, TagState.PENDING_APPROVAL})
"""States of a tag that is wanted and not written yet."""


def wanted_tag(device: Device, decision: Decision, policy: Policy, now: datetime) -> Tag:
    """The tag of `device` after `decision`: what is wanted, and how far it has come."""
    tag = device.tag
    if decision.tag is None:
        called_off = {"state": TagState.NONE, "outcome_unknown": tag.is_uncertain, "stop": None}
        return tag.model_copy(update=called_off) if tag.state in WAITING else tag
    wanted: str | None = decision.tag
    if wanted == OK_TAG and not policy.tag_all and not _may_stand(tag):
        wanted = None
    changed = wanted != tag.wanted
    state = _state(device, wanted, changed=changed, enforced=policy.mode is Mode.ENFORCE)
    update: dict[str, object] = {"state": state}
    if tag.state is TagState.PENDING and (changed or state is not TagState.PENDING):
        update["outcome_unknown"] = True
    if changed:
        update |= {
            "wanted": wanted,
            "blocks": is_block(wanted),
            "why": decision.reasons[0],
            "wanted_at": now,
            "attempts": 0,
            "retry_at": None,
            "error": None,
        }
    if not is_block(wanted) or state not in WAITING:
        update["stop"] = None
    if changed or (state in WAITING and tag.state not in WAITING):
        follows = _follow_up(device, wanted, policy) if state in WAITING else None
        update |= {"follow_up": follows, "follow_up_begun": None}
    return tag.model_copy(update=update)


def _may_stand(tag: Tag) -> bool:
    """Whether a value of ours stands in Entra, or may: written, or asked for with no outcome recorded yet."""
    return tag.applied is not None or tag.is_uncertain


def _state(device: Device, wanted: str | None, *, changed: bool, enforced: bool) -> TagState:
    tag = device.tag
    if wanted is None or not enforced:
        return TagState.APPLIED if tag.applied and tag.applied == wanted else TagState.NONE
    if device.id.startswith(INTUNE_ONLY):
        return TagState.NOT_ENFORCEABLE
    if not changed and tag.state is not TagState.NONE:
        return tag.state
    if wanted == tag.applied and not tag.is_uncertain:
        return TagState.APPLIED
    return TagState.PENDING


def _follow_up(device: Device, wanted: str | None, policy: Policy) -> FollowUp | None:
    """What is to follow once `wanted` is applied, where that option is on.

    Sessions are of a user, so a device without one has none to revoke; and they are revoked when the device
    becomes blocked at high, not when a block of ours is put back.
    """
    applied, options = device.tag.applied, policy.follow_ups
    if wanted == HIGH_TAG and applied != HIGH_TAG and device.facts.user_id:
        return FollowUp.REVOKE_SESSIONS if FollowUp.REVOKE_SESSIONS in options else None
    if wanted == OK_TAG and is_block(applied):
        return FollowUp.SYNC_DEVICE if FollowUp.SYNC_DEVICE in options else None
    return None
