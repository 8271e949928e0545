"""What a device knows of an agent is never covered by something older, not even for a moment."""

from dataclasses import dataclass, field

from shared.domain.model import Device


@dataclass
class Revisions:
    """Of each slot, by its device and its agent, the revision it had last."""

    last: dict[tuple[str, str], int] = field(default_factory=dict)
    went_back: list[str] = field(default_factory=list)
    """What was written over something newer."""

    def written(self, body: bytes) -> None:
        """A device as an instance wrote it."""
        device = Device.model_validate_json(body)
        for slot in device.slots.values():
            place = (device.id, slot.agent)
            if slot.revision < self.last.get(place, 0):
                self.went_back.append(f"{slot.agent} on {device.id}: {self.last[place]} to {slot.revision}")
            self.last[place] = slot.revision
