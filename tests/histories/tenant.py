"""The tenant of a history, as Intune has it: three phones, two connectors, a policy for each platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from local.sample_tenant import Phone
from shared.domain.level import Level
from tests.sync_inventory.tenant import put_access_policies, put_apps, put_connector, put_policy
from tests.world import World

CONNECTORS: Mapping[str, str] = {"lookout": "c-lookout", "zimperium": "c-zimperium"}
KINDS = {"iOS": "ios", "Android": "androidWorkProfile"}
PARTNER = {"iOS": "lookout", "Android": "zimperium"}
STRAY = "better_mobile"
"""A partner without a connector in Intune: it counts where the app's settings name it."""
OF_A_COMPANY, OF_SOMEBODY = ("Mail", "Game"), ("Mail",)
"""The apps Intune lists of a phone: of somebody's own those alone that it manages."""


@dataclass
class Tenant:
    """What an admin set in Intune, and the phones as they are now."""

    phones: list[Phone] = field(
        default_factory=lambda: [
            Phone.of("history", "first", "iOS"),
            Phone.of("history", "second", "iOS"),
            Phone.of("history", "third", "Android"),
        ]
    )
    allowed: dict[str, Level | None] = field(default_factory=lambda: dict.fromkeys(KINDS, Level.LOW))
    """The most a platform's devices may risk, by the phones' word for it; None where no policy asks."""
    on: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CONNECTORS, True))
    """Whether a partner's connector is on."""
    enabled: dict[str, set[str]] = field(
        default_factory=lambda: {system: {partner} for system, partner in PARTNER.items()}
    )
    """A platform's partners by the app's settings."""
    personal: set[int] = field(default_factory=lambda: {1})
    """The places of the phones that are somebody's own; the others are the company's."""
    app_sync: bool = False
    app_sync_personal: bool = False

    def user(self, phone: Phone) -> str:
        """Whose phone it is: each has one user."""
        return f"user-{self.phones.index(phone)}"

    def counting(self, system: str) -> set[str]:
        """The partners that count for a platform's phones."""
        return {partner for partner in self.enabled[system] if self.on.get(partner, True)}

    def may_be_kept(self, phone: Phone) -> tuple[set[str], set[str]]:
        """The apps of a phone that must be known once the sync is through, and those that may be known
        besides, as Intune showed them while it was the company's."""
        if not self.app_sync or phone.system != "iOS" or not self.counting("iOS") & CONNECTORS.keys():
            return set(), set()
        if self.phones.index(phone) not in self.personal:
            return {*OF_A_COMPANY}, set()
        return {*OF_SOMEBODY}, {*OF_A_COMPANY} if self.app_sync_personal else set()

    def put(self, one: World) -> None:
        """Have Intune and Entra show it."""
        for place, phone in enumerate(self.phones):
            owner = "personal" if place in self.personal else "company"
            whose = {"managedDeviceOwnerType": owner, "userId": self.user(phone)}
            one.tenant.put_managed_device({**phone.managed, **whose})
            put_apps(
                one, *(OF_SOMEBODY if place in self.personal else OF_A_COMPANY), intune_id=phone.intune_id
            )
            if one.tenant.entra_device(phone.entra_id) is None:
                one.tenant.put_entra_device(dict(phone.entra))
        for partner, id_ in CONNECTORS.items():
            opted_in = {
                "allowPartnerToCollectIOSApplicationMetadata": self.app_sync,
                "allowPartnerToCollectIOSPersonalApplicationMetadata": self.app_sync_personal,
            }
            put_connector(one, id_, iosEnabled=self.on[partner], androidEnabled=self.on[partner], **opted_in)
        for system, kind in KINDS.items():
            allowed = self.allowed[system]
            put_policy(
                one,
                allowed and allowed.value,
                f"policy-{kind}",
                **{"@odata.type": f"#microsoft.graph.{kind}CompliancePolicy"},
            )
        put_access_policies(one)

    def enrolled_again(self, one: World, place: int) -> None:
        """A phone comes back under new ids; the old ones are gone."""
        old = self.phones[place]
        new = Phone.of("history", f"{old.intune_id[:8]} again", old.system)
        one.tenant.remove_managed_device(old.intune_id)
        one.tenant.remove_entra_device(old.entra_id)
        self.phones[place] = replace(new, agent_id=old.agent_id)
        self.put(one)
