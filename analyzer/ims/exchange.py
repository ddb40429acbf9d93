"""The AKA exchange of one contact, as its next REGISTER is held against it (TS 24.229 5.1.1.4.2, 5.1.1.5.12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.sets.associations import NONE
from analyzer.ims.vocabulary import Knowledge

UNUSED: Final = 16
"""SPIs remembered for one contact that were offered in vain; the oldest goes first. Nobody is told, since each refresh
offers some; a packet on one of eight refreshes ago is judged as one on any SPI that nobody agreed on."""


_UNPROVEN: Final = Knowledge(False, "nothing shows that K and OPc of the key file are those of the UE")


class Success(NamedTuple):
    """The credentials of the last SM7 that had a 2xx, which the next SM1 repeats."""

    sm7: FrameRef
    generation: int | None
    """The set that this authentication made."""
    inputs: tuple[str, ...]
    """What the response was computed over besides the nonce."""
    nonce: str
    response: str
    next_nonce: str
    """``nextnonce`` in the Authentication-Info of SM12, or of a later 2xx that had one; else empty."""


class Exchange:
    """What is remembered of the authentications of one contact."""

    __slots__ = ("card", "refused", "rejected", "rejections", "success", "unused")

    def __init__(self) -> None:
        self.success: Success | None = None
        self.refused = False
        """A REGISTER after the last success was refused."""
        self.card = _UNPROVEN
        self.rejections = 0
        """Challenges that the UE has rejected, one after the other."""
        self.rejected = ""
        """The nonce of the last of them."""
        self.unused: Mapping[int, FrameRef] = NONE
        """SPIs of offers that were answered without a challenge, with that answer."""

    def offered_in_vain(self, spis: list[int], answer: FrameRef) -> None:
        """These SPIs were in an offer that needed none (FP16)."""
        unused = dict(self.unused)
        for spi in spis[-UNUSED:]:
            unused[spi] = answer
        while len(unused) > UNUSED:
            del unused[next(iter(unused))]
        self.unused = unused
