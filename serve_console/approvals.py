"""The mass-change stop, for an admin: what waits, and the word that lets it go on."""

from pydantic import BaseModel

from evaluate_risk.enforce import Approval, Stop, approve, guard, retry_pending
from serve_console.request import Request
from shared.cosmos import WAITING_FOR_APPROVAL
from shared.domain.model import Device
from shared.entra import Caller
from shared.services import Services


class ApprovalRequest(Request):
    """Why what waits is right."""


class Approvals(BaseModel):
    """How many devices were newly blocked in the last hour, the stop that is open, and what was approved."""

    newly_blocked: int
    stop: Stop | None
    waiting: int
    approvals: list[Approval]


class Approved(BaseModel):
    """An approval, and how many blocks went on their way with it at once; the timer of every minute does
    the rest."""

    approval: Approval
    tried: int
    settled: int


class _Waiting(BaseModel):
    id: str


async def listing(services: Services) -> Approvals:
    """How the mass-change stop stands."""
    count = await guard(services)
    rows = services.store.rows(_Waiting, Device.container, WAITING_FOR_APPROVAL)
    waiting = sum([1 async for _ in rows])
    return Approvals(
        newly_blocked=len(count.entered), stop=count.stop, waiting=waiting, approvals=list(count.approvals)
    )


async def approve_stop(services: Services, caller: Caller, id_: str, request: ApprovalRequest) -> Approved:
    """Approve what waits under the stop `id_`, and begin to write it. Raises NotThere where there is no such
    stop, and Overtaken where it was approved already."""
    approval = await approve(services, id_, caller.who, request.reason)
    counts = await retry_pending(services)
    return Approved(approval=approval, tried=counts["tried"], settled=counts["settled"])
