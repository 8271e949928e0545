"""How a vendor that is polled is reached, as it is set. Pure."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class PollSettings(BaseModel):
    """How one partner is polled (POLL_…_<SLUG>); texts as given, empty where they are not set."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    url: str = ""
    """The vendor's address, without a slash at its end; empty where the source has one of its own."""
    client_id: str = ""
    secret: str = Field(default="", repr=False)
    tenant: str = ""
    """Whose phones are meant, where one credential opens several tenants."""
    stream: bool = False
    """Whether the vendor's stream of events is followed, rather than its pages asked for."""
    begin: datetime | None = None
    """From when on events are read, aware; None: as far back as the source chooses."""
    expires: date | None = None
    """When the credential ends, as an admin noted it: no vendor's interface says so."""
