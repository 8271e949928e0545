"""Words by which settings and policies of Conditional Access name apps, and whom they leave out. Pure."""

from collections.abc import Mapping

EXCHANGE_ONLINE = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT_ONLINE = "00000003-0000-0ff1-ce00-000000000000"
APPS: Mapping[str, str] = {EXCHANGE_ONLINE: "Exchange Online", SHAREPOINT_ONLINE: "SharePoint Online"}
"""Asked about where no app is named; ids are the same in every tenant."""
GROUPS_OF_APPS = frozenset({"Office365", "All"})
"""What a policy may name in place of apps."""
ROLE = "role:"
"""Before the id of a role, among the exclusions."""
GUESTS = "guests"
"""Stands among the exclusions for all guests; `guests:` and a word of guestOrExternalUserTypes for a kind."""
