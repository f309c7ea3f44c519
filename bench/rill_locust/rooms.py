"""One room's cursor (docs/protocol.md, "What a client does with an entry" and "Resume outcomes").

However entries come, each is applied once and in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .messages import NOTHING

REORDER_ENTRIES_MAX = 256

COMPLETE, LIMITED, EPOCH_CHANGED, GONE = range(4)

Entry = tuple[str, dict[str, Any]]
"""Name and fields of a message of the log."""


@dataclass(slots=True)
class Room:
    """`resume` is the number of the newest Resume without an answer. `tail` is what to ask for of a log of
    which nothing is known."""

    tail: int
    epoch: bytes = NOTHING
    have: int = 0
    resume: int | None = None
    is_followed: bool = False
    wants_resume: bool = False
    held: dict[tuple[bytes, int], Entry] = field(default_factory=dict)

    def entry(self, epoch: bytes, seq: int, entry: Entry) -> list[Entry]:
        """An entry came on a lane: what can be applied now, in order."""
        if epoch == self.epoch:
            if seq <= self.have:
                return []
            if seq == self.have + 1:
                self.have = seq
                return [entry, *self._next()] if self.held else [entry]
        if len(self.held) >= REORDER_ENTRIES_MAX:
            # What is not held comes again behind the Resume that is sent now or after the answer.
            self.wants_resume = True
            if self.resume is None:
                self.held.clear()
            return []
        self.held[epoch, seq] = entry
        if epoch != self.epoch and self.resume is None:
            self.wants_resume = True
        return []

    def resumed(self, outcome: int | None, epoch: bytes, base: int) -> list[Entry]:
        """The answer to the newest Resume; `outcome` is None for a room that is not listed (unchanged)."""
        self.resume = None
        self.is_followed = outcome != GONE
        if outcome == GONE:
            self.held.clear()
            return []
        if outcome == LIMITED and epoch == self.epoch:
            self.have = max(self.have, base)
        elif outcome not in (None, COMPLETE):
            self.epoch, self.have = epoch, base
        self.held = {at: entry for at, entry in self.held.items() if at[0] == self.epoch and at[1] > self.have}
        return self._next()

    def _next(self) -> list[Entry]:
        applied = []
        while (entry := self.held.pop((self.epoch, self.have + 1), None)) is not None:
            self.have += 1
            applied.append(entry)
        return applied
