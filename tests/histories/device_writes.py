"""Every device as an instance wrote it: what it knows of an agent is never covered by something older, not
even for a moment, and an agent that leaves takes nothing with it."""

from dataclasses import dataclass, field

from shared.domain.model import Device, Slot
from shared.domain.tag import HIGH_TAG


@dataclass
class DeviceWrites:
    """Of each slot, by its device and its agent, what was written last."""

    last: dict[tuple[str, str], Slot] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    """What was written over something newer, or left nothing of what it had found."""
    blocked_high: set[str] = field(default_factory=set)
    """Users with a device that was to be blocked at high, ever."""

    def written(self, body: bytes) -> None:
        """A device as an instance wrote it."""
        device = Device.model_validate_json(body)
        if device.tag.wanted == HIGH_TAG and device.facts.user_id:
            self.blocked_high.add(device.facts.user_id)
        for slot in device.slots.values():
            place = (device.id, slot.agent)
            before = self.last.get(place)
            self.last[place] = slot
            if before is None:
                continue
            if slot.revision < before.revision:
                self.wrong.append(
                    f"{slot.agent} on {device.id} went back: {before.revision} to {slot.revision}"
                )
            if slot.moved and not before.moved and not before.withdrawn and _found(slot) != _found(before):
                self.wrong.append(f"{slot.agent} left {device.id}: {_found(before)} became {_found(slot)}")


def _found(slot: Slot) -> tuple[object, ...]:
    return slot.findings, slot.levels, slot.own, slot.own_levels
