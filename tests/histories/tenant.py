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
"""A partner that counts for no phone."""
PERSONAL = 1
"""The place of the phone that is somebody's own; the others are the company's."""


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
    allowed: dict[str, Level] = field(default_factory=lambda: dict.fromkeys(KINDS, Level.LOW))
    """The most a platform's devices may risk, by the phones' word for it."""
    on: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CONNECTORS, True))
    """Whether a partner's connector is on."""
    counts: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(KINDS, True))
    """Whether a platform's partner counts by the app's settings."""
    app_sync: bool = False
    app_sync_personal: bool = False

    def user(self, phone: Phone) -> str:
        """Whose phone it is: each has one user."""
        return f"user-{self.phones.index(phone)}"

    def put(self, one: World) -> None:
        """Have Intune and Entra show it."""
        for place, phone in enumerate(self.phones):
            owner = "personal" if place == PERSONAL else "company"
            whose = {"managedDeviceOwnerType": owner, "userId": self.user(phone)}
            one.tenant.put_managed_device({**phone.managed, **whose})
            if one.tenant.entra_device(phone.entra_id) is None:
                one.tenant.put_entra_device(dict(phone.entra))
                put_apps(one, "Mail", "Game", intune_id=phone.intune_id)
        for partner, id_ in CONNECTORS.items():
            opted_in = {
                "allowPartnerToCollectIOSApplicationMetadata": self.app_sync,
                "allowPartnerToCollectIOSPersonalApplicationMetadata": self.app_sync_personal,
            }
            put_connector(one, id_, iosEnabled=self.on[partner], androidEnabled=self.on[partner], **opted_in)
        for system, kind in KINDS.items():
            put_policy(
                one,
                self.allowed[system].value,
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
