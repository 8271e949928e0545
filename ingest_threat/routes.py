"""The partners' door, as a table."""

from shared.route import Access, Route

ROUTES = (
    Route(
        name="ingest_threat",
        method="POST",
        path="partners/{partner}/reports",
        access=Access.PARTNER,
        summary="takes a partner's message in; `202` means that every readable item of it is stored",
        handler="ingest_threat.intake:receive",
        request="application/json, application/x-ndjson, text/plain",
        answer="ingest_threat.intake:Answer",
        ignored=("api-version",),  # of Azure Monitor's interfaces, which some vendors' exports are made for
        status=202,
    ),
)
