"""How large the tenant is, as the last sync found it. Pure."""

from typing import ClassVar

from shared.domain.model import Document
from shared.domain.moment import Moment


class Tenant(Document):
    """The number of Intune's records at the last sweep: what a mass change is measured by."""

    container: ClassVar[str] = "settings"
    id: str = "tenant"
    managed: int
    read_at: Moment
