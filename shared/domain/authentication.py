"""How partners authenticate, as set: a scheme for each, and the texts the scheme needs. Pure.

Whether the texts are good enough is for `ingest_threat.authentication` to say.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import chain

from pydantic import BaseModel, ConfigDict, Field


class Scheme(StrEnum):
    """How a partner shows that a message is its own."""

    WEBHOOK = "webhook"
    """Standard Webhooks: a signature over the body."""
    HEADER = "header"
    """A secret in a header that is always the same."""
    ENTRA = "entra"
    """A bearer token of Microsoft Entra."""
    SHARED_KEY = "shared_key"
    """The signature of Azure Monitor's Data Collector API."""


NEEDED = {
    Scheme.WEBHOOK: ("webhook_secrets",),
    Scheme.HEADER: ("header_secrets",),
    Scheme.ENTRA: ("entra_tenant", "entra_audience", "entra_app_ids"),
    Scheme.SHARED_KEY: ("shared_key_workspace", "shared_keys"),
}
"""The fields of AuthenticationSettings that a scheme cannot do without."""
OPTIONAL = {Scheme.HEADER: ("header_name",)}
"""The fields of AuthenticationSettings that a scheme has a default for."""
FIELDS = (*chain(*NEEDED.values()), *chain(*OPTIONAL.values()))


class AuthenticationSettings(BaseModel):
    """The settings that end in a partner's slug, by slug; texts as given, never empty."""

    model_config = ConfigDict(frozen=True)

    schemes: Mapping[str, Scheme] = Field(default_factory=dict)
    """Where it is not Standard Webhooks (AUTH_<SLUG>)."""
    webhook_secrets: Mapping[str, str] = Field(default_factory=dict)
    header_name: Mapping[str, str] = Field(default_factory=dict)
    header_secrets: Mapping[str, str] = Field(default_factory=dict)
    entra_tenant: Mapping[str, str] = Field(default_factory=dict)
    entra_audience: Mapping[str, str] = Field(default_factory=dict)
    entra_app_ids: Mapping[str, str] = Field(default_factory=dict)
    shared_key_workspace: Mapping[str, str] = Field(default_factory=dict)
    shared_keys: Mapping[str, str] = Field(default_factory=dict)

    def scheme(self, partner: str) -> Scheme:
        """How the partner is to authenticate."""
        return self.schemes.get(partner, Scheme.WEBHOOK)

    def given(self, partner: str) -> dict[str, str]:
        """What is set for the partner, whatever the scheme: field → text."""
        return {field: texts[partner] for field, texts in self._texts().items() if partner in texts}

    def missing(self, partner: str) -> tuple[str, ...]:
        """Names of the settings without which the partner is off; none where it can authenticate."""
        needed, given = NEEDED[self.scheme(partner)], self.given(partner)
        return tuple(setting(field, partner) for field in needed if field not in given)

    def named(self) -> tuple[str, ...]:
        """Every partner for which a scheme or a text is set, in the order of their slugs."""
        return tuple(sorted({*self.schemes, *chain(*self._texts().values())}))

    def able(self) -> tuple[str, ...]:
        """The partners that can authenticate, in the order of their slugs."""
        return tuple(partner for partner in self.named() if not self.missing(partner))

    def _texts(self) -> dict[str, Mapping[str, str]]:
        return {field: getattr(self, field) for field in FIELDS}


def setting(field: str, partner: str) -> str:
    """Name of the setting behind a field, for one partner."""
    return f"{field}_{partner}".upper()
