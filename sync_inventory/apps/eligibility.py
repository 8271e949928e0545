"""Where single devices stand after this run's sweep, as far as their app inventory goes by it."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.model import Ownership
from shared.domain.record import Platform
from sync_inventory.scratch import Scratch

_SWEPT = (
    "SELECT json_extract(facts, '$.platform'), json_extract(facts, '$.ownership') FROM device WHERE id = ?"
)
_KEPT = """
SELECT 1 FROM mirrored m LEFT JOIN missing x ON x.id = m.id
WHERE m.id = ? AND m.replaced_by IS NULL AND m.gone_at IS NULL AND x.gone_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM previous WHERE old = m.id)
"""


@dataclass(frozen=True)
class Eligibility:
    """Whether a device may have an inventory at all, and who owns it; None where that is as it was."""

    there: bool
    ownership: Ownership | None = None


class Eligibilities:
    """Reads the tables of the run's sweep."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self.known = scratch.has("device")
        """Whether there was a sweep; without one every device stands as it did."""

    def of(self, id_: str) -> Eligibility:
        """Where a device stands. One the sweep merely missed stands as it did; one that is gone, became
        another or was never mirrored has no inventory."""
        if not self.known:
            return Eligibility(there=True)
        swept = self._scratch.one(_SWEPT, id_)
        if swept is not None:
            platform, ownership = swept
            return Eligibility(platform == Platform.IOS, Ownership(ownership))
        return Eligibility(there=self._scratch.one(_KEPT, id_) is not None)

    def less_known(self) -> Iterator[str]:
        """The devices of which less may be known since this run: their owner changed, they became others, or
        Intune has them no more."""
        if self.known:
            for (id_,) in self._scratch.rows("SELECT id FROM less_known"):
                yield id_
