"""What can be asked about the partners that are polled, as a table."""

from shared.route import Access, Route

ROUTES = (
    Route(
        name="list_sources",
        method="GET",
        path="sources",
        access=Access.READER,
        summary="the vendors' interfaces that are polled: how far each is read, its gaps and latest runs",
        handler="poll_partners.listing:listing",
        answer="poll_partners.listing:Sources",
    ),
)
