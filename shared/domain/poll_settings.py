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
    drop: str = ""
    """The address of the storage container that the partner's files are dropped into."""
    workspace: str = ""
    """The id of the Log Analytics workspace that the partner's tables are in, or its address."""
    begin: datetime | None = None
    """From when on events are read, aware; None: as far back as the source chooses."""
    expires: date | None = None
    """When the credential ends, as an admin noted it: no vendor's interface says so."""

    @property
    def is_on(self) -> bool:
        """Whether anything of the partner's is fetched."""
        return bool(self.secret or self.drop or self.workspace)
