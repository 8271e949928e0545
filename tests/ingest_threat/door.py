"""The partners' door as a route opens it: who sends is asked first, then the message is taken in."""

from ingest_threat.intake import Answer, authenticate, receive
from shared.headers import Headers
from shared.services import Services


async def posted(services: Services, partner: str, headers: dict[str, str], body: bytes) -> Answer:
    """What a partner's message is answered; raises what the route would make a problem of."""
    read = Headers(headers)
    await authenticate(services, partner, read, body)
    return await receive(services, partner, read, body)
