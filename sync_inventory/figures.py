"""The figures of the devices, logged at the end of every run: what GET /devices lists, counted.

The workbook shows them, and alerts look at them: neither can read Cosmos DB.
"""

from shared.cosmos import DEVICE_COUNT, DEVICE_COUNT_BY_TAG_STATE, DEVICE_COUNT_BY_VERDICT
from shared.domain.model import Device, TagState, Verdict
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.tally import Tally

LOGGED_STATES = (
    TagState.APPLIED,
    TagState.PENDING,
    TagState.PENDING_APPROVAL,
    TagState.FOREIGN,
    TagState.NO_DEVICE,
)


async def count_devices(services: Services, tally: Tally) -> None:
    """Count devices by verdict and by the state of their tag, the canary apart; one without a decision is
    undecided."""
    store = services.store
    devices = await store.count(Device.container, DEVICE_COUNT)
    decided = {
        verdict: await store.count(Device.container, DEVICE_COUNT_BY_VERDICT, verdict=verdict)
        for verdict in (Verdict.ALLOW, Verdict.BLOCK)
    }
    tags = {
        state: await store.count(Device.container, DEVICE_COUNT_BY_TAG_STATE, state=state)
        for state in LOGGED_STATES
    }
    canary = await _canary(services)
    if canary is not None:
        devices -= 1
        decided = {verdict: number - (_verdict(canary) is verdict) for verdict, number in decided.items()}
        tags = {state: number - (canary.tag.state is state) for state, number in tags.items()}
    allowed, blocked = decided[Verdict.ALLOW], decided[Verdict.BLOCK]
    tally.add("devices", devices)
    log_event(
        LogEvent.DEVICES_COUNTED,
        devices=devices,
        allowed=allowed,
        blocked=blocked,
        undecided=devices - allowed - blocked,
        applied=tags[TagState.APPLIED],
        pending=tags[TagState.PENDING],
        waiting=tags[TagState.PENDING_APPROVAL],
        foreign=tags[TagState.FOREIGN],
        no_device=tags[TagState.NO_DEVICE],
        mode=services.settings.mode,
    )


async def _canary(services: Services) -> Device | None:
    """The canary, where it is among the counted."""
    id_ = services.settings.canary_device
    found = await services.store.read(Device, id_) if id_ else None
    return found.document if found and found.document.replaced_by is None else None


def _verdict(device: Device) -> Verdict:
    return device.decision.verdict if device.decision else Verdict.UNDECIDED
