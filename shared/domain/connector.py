"""The mirror of Intune's Mobile Threat Defense connectors: the switches an admin sets per partner. Pure."""

from typing import ClassVar

from shared.domain.model import Document, id_part
from shared.domain.moment import Moment
from shared.domain.record import Platform


class Connector(Document):
    """Mirror of one Intune mobileThreatDefenseConnector."""

    container: ClassVar[str] = "settings"
    intune_id: str
    state: str
    """partnerState, as served: values unknown to the SDK stay visible."""
    last_heartbeat_at: Moment | None = None
    unresponsive_after_days: int | None = None
    enabled: frozenset[Platform] = frozenset()
    """Platforms whose compliance evaluation uses the partner's data."""
    blocked_on_missing_data: frozenset[Platform] = frozenset()
    unsupported_os_blocked: bool = False
    app_sync: bool = False
    """allowPartnerToCollectIOSApplicationMetadata."""
    app_sync_personal: bool = False
    """allowPartnerToCollectIOSPersonalApplicationMetadata."""
    read_at: Moment


def connector_document_id(intune_id: str) -> str:
    """Id of the mirror of the connector Intune calls `intune_id`."""
    return f"connector:{id_part(intune_id.lower())}"
