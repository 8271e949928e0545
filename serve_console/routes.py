"""What an admin, a help desk, a partner and a probe can ask and do, as a table."""

from shared.route import Access, Route

ROUTES = (
    Route(
        name="health",
        method="GET",
        path="health",
        access=Access.ANYBODY,
        summary="`ok` or `degraded`, in one word",
        handler="serve_console.health:health",
        answer="serve_console.health:Health",
    ),
    Route(
        name="list_devices",
        method="GET",
        path="devices",
        access=Access.READER,
        summary=(
            "devices with their decisions and tags; `?only=restricted`: those no tag reaches, "
            "`?only=newer_registration`: blocked ones whose user registered anew"
        ),
        handler="serve_console.devices:listing",
        answer="serve_console.devices:DevicePage",
        query=("top", "token", "only"),
    ),
    Route(
        name="explain_device",
        method="GET",
        path="devices/{id}",
        access=Access.READER,
        summary=(
            "why a device is blocked or not, whether a tag can reach it, and Intune's own level beside ours"
        ),
        handler="serve_console.devices:explain",
        answer="serve_console.devices:Explanation",
    ),
    Route(
        name="prove_device",
        method="GET",
        path="devices/{id}/what-if",
        access=Access.READER,
        summary="what Conditional Access would do with it, at Exchange and SharePoint or at `?app=`",
        handler="serve_console.what_if:prove",
        answer="serve_console.what_if:Proof",
        query=("app",),
    ),
    Route(
        name="ways_round_device",
        method="GET",
        path="devices/{id}/ways-round",
        access=Access.READER,
        summary="whether its user gets in without showing it: by a private tab, a device code and their kin",
        handler="serve_console.ways_round:ways_round",
        answer="serve_console.ways_round:WaysRound",
        query=("app",),
    ),
    Route(
        name="override_device",
        method="POST",
        path="devices/{id}/override",
        access=Access.ADMIN,
        summary=(
            "lets it in for at most 168 `hours`, for the threats that are open now and none that comes later"
        ),
        handler="serve_console.overrides:override",
        request="serve_console.overrides:OverrideRequest",
        answer="serve_console.overrides:Overridden",
    ),
    Route(
        name="end_override",
        method="DELETE",
        path="devices/{id}/override",
        access=Access.ADMIN,
        summary="ends an override before its time",
        handler="serve_console.overrides:end_override",
        request="serve_console.overrides:EndRequest",
        answer="serve_console.overrides:Overridden",
    ),
    Route(
        name="show_enforcement",
        method="GET",
        path="enforcement",
        access=Access.READER,
        summary="the Conditional Access policies that refuse what is blocked, and what narrows them",
        handler="serve_console.enforcement:show_enforcement",
        answer="serve_console.enforcement:EnforcementShown",
    ),
    Route(
        name="list_connectors",
        method="GET",
        path="connectors",
        access=Access.READER,
        summary=(
            "the partners: Intune's switches, where they count, when they reported last, what to look at"
        ),
        handler="serve_console.connectors:listing",
        answer="serve_console.connectors:Connectors",
    ),
    Route(
        name="list_approvals",
        method="GET",
        path="approvals",
        access=Access.READER,
        summary="new blocks of the last hour, the stop that is open, what was approved",
        handler="serve_console.approvals:listing",
        answer="serve_console.approvals:Approvals",
    ),
    Route(
        name="approve_stop",
        method="POST",
        path="approvals/{id}",
        access=Access.ADMIN,
        summary="lets what waits under a stop be blocked; the count begins anew",
        handler="serve_console.approvals:approve_stop",
        request="serve_console.approvals:ApprovalRequest",
        answer="serve_console.approvals:Approved",
    ),
    Route(
        name="release_tags",
        method="POST",
        path="tags/release",
        access=Access.ADMIN,
        summary="writes `mtd-ok` over every block of ours; not in mode `enforce`",
        handler="serve_console.release:release_tags",
        request="serve_console.release:ReleaseRequest",
        answer="evaluate_risk.enforce:Released",
    ),
    Route(
        name="list_rules",
        method="GET",
        path="rules",
        access=Access.READER,
        summary="the rules in force: whom each is for, its filters, and why one reaches nobody",
        handler="serve_console.rules:list_rules",
        answer="serve_console.rules:RulesListed",
    ),
    Route(
        name="preview_rules",
        method="GET",
        path="rules/dry-run",
        access=Access.READER,
        summary="devices that the rules marked `dry_run` would change, and why",
        handler="serve_console.rules_preview:preview_rules",
        answer="serve_console.rules_preview:Preview",
        query=("top", "token"),
    ),
    Route(
        name="preview_posted_rules",
        method="POST",
        path="rules/dry-run",
        access=Access.READER,
        summary=("devices that the local rules of the posted file would change, and why; nothing is kept"),
        handler="serve_console.rules_preview:preview_posted_rules",
        request="application/toml",
        answer="serve_console.rules_preview:Preview",
        query=("top", "token"),
    ),
    Route(
        name="preview_partners",
        method="GET",
        path="partners/dry-run",
        access=Access.READER,
        summary=(
            "devices that other partners (`?ios=`, `?android=`; `?ios_mode=any`) would block or let in, and "
            "how many have whose agents"
        ),
        handler="serve_console.partners_preview:preview_partners",
        answer="serve_console.partners_preview:PartnersPreview",
        query=("ios", "android", "ios_mode", "android_mode", "top", "token"),
    ),
    Route(
        name="list_agents",
        method="GET",
        path="agents",
        access=Access.READER,
        summary=(
            "agents nobody could link, with the ids their partner gave, open threats and hints; "
            "`?all=true`: every one"
        ),
        handler="serve_console.agents:listing",
        answer="serve_console.agents:AgentPage",
        query=("all", "top", "token"),
    ),
    Route(
        name="link_agent",
        method="POST",
        path="agents/{id}/link",
        access=Access.ADMIN,
        summary=("links by hand: threats from before count at once, and neither feed nor sync changes it"),
        handler="serve_console.linking:link",
        request="serve_console.linking:LinkRequest",
        answer="serve_console.linking:Linked",
    ),
    Route(
        name="unlink_agent",
        method="DELETE",
        path="agents/{id}/link",
        access=Access.ADMIN,
        summary=(
            "undoes a link, whoever made it: nothing of the agent counts there any more, and it stays "
            "apart until linked by hand"
        ),
        handler="serve_console.linking:unlink",
        request="serve_console.linking:UnlinkRequest",
        answer="serve_console.linking:Linked",
    ),
    Route(
        name="import_links",
        method="POST",
        path="agents/links",
        access=Access.ADMIN,
        summary=(
            "many links from a file: answers what would happen and a token, and does it with "
            "`?apply=<token>` and the same content"
        ),
        handler="serve_console.links_import:import_links",
        request="text/csv",
        answer="serve_console.links_import:ImportAnswer",
        query=("preview", "apply"),
    ),
    Route(
        name="list_dead_letters",
        method="GET",
        path="dead-letters",
        access=Access.READER,
        summary="what could not be read or applied; `?partner=`: that partner's, newest first",
        handler="serve_console.dead_letters:listing",
        answer="serve_console.dead_letters:LetterPage",
        query=("partner", "top", "token"),
    ),
    Route(
        name="redrive_dead_letter",
        method="POST",
        path="dead-letters/{id}/redrive",
        access=Access.ADMIN,
        summary=(
            "tries the dead letter of `?partner=` again: items and bodies are read again (what was "
            "redacted stays so), stored reports go back to the change feed; `404` once done"
        ),
        handler="serve_console.dead_letters:redrive",
        answer="serve_console.dead_letters:Redriven",
        query=("partner",),
    ),
    Route(
        name="fetch_inventory",
        method="GET",
        path="partners/{partner}/inventory",
        access=Access.PARTNER,
        summary="the app inventory the partner may see: what changed after `?since=`",
        handler="serve_console.inventory:fetch",
        answer="serve_console.inventory:InventoryPage",
        query=("top", "since"),
        etag=True,
    ),
)
