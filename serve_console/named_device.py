"""Which device an admin means: by Entra device id, `intune:` and Intune's id, or `serial:` and the number."""

from dataclasses import dataclass

from shared.cosmos import Found
from shared.domain.model import Device, Link, id_part, link_id
from shared.errors import BadRequest, NotThere
from shared.services import Services

KINDS = frozenset({"intune", "serial"})


@dataclass(frozen=True)
class Named:
    """The device a text names; None where it names none, or more than one, and then why."""

    found: Found[Device] | None
    ambiguous: bool = False
    why: str = ""

    @property
    def device(self) -> str | None:
        """Its id."""
        return self.found.document.id if self.found else None


async def stored_device(services: Services, text: str) -> Device:
    """The device `text` names. Raises NotThere, and BadRequest where it names more than one."""
    return (await found_device(services, text)).document


async def found_device(services: Services, text: str) -> Found[Device]:
    """The same, as it was read."""
    named = await named_device(services, text)
    if named.ambiguous:
        raise BadRequest(named.why)
    if named.found is None:
        raise NotThere(named.why)
    return named.found


async def named_device(services: Services, text: str) -> Named:
    """The device `text` names, without regard to case; one that has become another is not named any more."""
    kind, _, value = text.strip().partition(":")
    id_ = text.strip().lower()
    if kind.lower() in KINDS and value.strip():
        id_ = link_id(kind.lower(), value.strip())
        found = await services.store.read(Link, id_)
        if found and found.document.ambiguous:
            return Named(None, ambiguous=True, why=f"{text[:100]!r} names more than one device")
        if found and found.document.device:
            id_ = found.document.device
    device = await services.store.read(Device, id_) if id_part(id_) == id_ else None
    if device is None:
        return Named(None, why=f"no device {text[:100]!r}")
    if device.document.replaced_by:
        return Named(None, why=f"device {text[:100]!r} is {device.document.replaced_by!r} now")
    return Named(device)
