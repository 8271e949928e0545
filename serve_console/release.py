"""Every block of ours taken back at once, by an admin's word."""

from evaluate_risk.enforce import Released, release
from serve_console.request import Request
from shared.entra import Caller
from shared.services import Services


class ReleaseRequest(Request):
    """Why every block is taken back."""


async def release_tags(services: Services, caller: Caller, request: ReleaseRequest) -> Released:
    """Take every block back. Raises BadRequest in mode `enforce`."""
    return await release(services, caller.who, request.reason)
