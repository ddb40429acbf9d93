"""Compares what two readers saw in a capture, frame by frame, and looks for the reason wherever they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from analyzer.opinion.model import About, Difference, Explained, Reason, SecondOpinion
from analyzer.opinion.witness import Noted, NotedFrame
from analyzer.seen import BAD, GOOD, UNCHECKED, SeenFrame, SeenHeader, SeenMessage

LISTED: Final = 1_000
"""Unexplained differences that are listed; the others are counted."""
FRAMES: Final = 100
"""Frames that are named for one reason."""

_OPENED = (
    "ah erspan esp eth ethertype exported_pdu geneve gre gtp ip ipv6 ipv6.dstopts ipv6.fraghdr ipv6.hopopts"
    " ipv6.routing loop mpls null pktap ppp pppoes raw sll tcp udp udpencap vlan vxlan"
)
OPENED: Final = frozenset(_OPENED.split())
"""Protocols, in the words of Wireshark, whose content gmaudit reads too."""


HOLES: Final = frozenset({"ack_lost_segment", "lost_segment", "out_of_order"})
"""What Wireshark remarks where a segment is missing or comes later."""


class Comparison:
    """The comparison of one capture; what it finds goes into the opinion."""

    def __init__(
        self,
        opinion: SecondOpinion,
        keyless: Mapping[int, Reason],
        index: int,
        ours: Mapping[int, NotedFrame],
        theirs: Mapping[int, SeenFrame],
    ) -> None:
        """``index`` is that of the capture; ``keyless`` says why the other may lack the right key for an SPI."""
        self._opinion = opinion
        self._keyless = keyless
        self._index = index
        self._ours = ours
        self._theirs = theirs
        self._broken: set[int] = set()
        """SPIs with a packet whose ICV is bad in the other's eyes."""

    def run(self) -> None:
        """Compare all frames that either of the two has something to tell about."""
        only_ours: dict[int, list[Noted]] = {}
        only_theirs: dict[int, list[SeenMessage]] = {}
        for number in sorted({*self._ours, *self._theirs}):
            ours, theirs = self._ours.get(number, _NOTHING), self._theirs.get(number, _SILENCE)
            if ours.packets or theirs.packets:
                self._packets(number, ours, theirs)
            if ours.messages or theirs.messages:
                only_ours[number], only_theirs[number] = self._messages(number, ours.messages, theirs.messages)
        self._moved(only_ours, only_theirs)
        for number, noted in only_ours.items():
            for one in noted:
                self._enter(self._unseen(number, one), "sip", number, _shown(one.message), "no such message")
        for number, seen in only_theirs.items():
            for other in seen:
                self._enter(self._extra(number, other), "sip", number, "no such message", _shown(other))

    # --- ESP ---------------------------------------------------------------------------------------------------------

    def _packets(self, number: int, ours: NotedFrame, theirs: SeenFrame) -> None:
        verdicts = Counter(packet.icv for packet in theirs.packets)
        if verdicts[BAD]:
            self._broken.update(packet.spi for packet in theirs.packets if packet.icv == BAD)
        if ours.packets == len(theirs.packets) and ours.verified == verdicts[GOOD]:
            self._opinion.esp += ours.packets
            return
        reason = self._lacks(theirs)
        if not ours.packets:
            reason = Reason.COPY if ours.copy else self._encapsulated(theirs, "esp")
        mine = f"{ours.packets} ESP, {ours.verified} with a good ICV"
        other = f"{len(theirs.packets)} ESP, {verdicts[GOOD]} with a good ICV, {verdicts[BAD]} with a bad one"
        self._enter(reason, "esp", number, mine, other)

    def _lacks(self, theirs: SeenFrame) -> Reason | None:
        """Why the other reader lacked the key that this frame needs."""
        reasons = (self._keyless.get(packet.spi) for packet in theirs.packets if packet.icv != GOOD)
        return next((reason for reason in reasons if reason is not None), None)

    # --- SIP ---------------------------------------------------------------------------------------------------------

    def _messages(
        self, number: int, ours: Sequence[Noted], theirs: Sequence[SeenMessage]
    ) -> tuple[list[Noted], list[SeenMessage]]:
        """Match the messages of one frame; returns those that only one of the two has."""
        waiting: dict[tuple[str, str, str], list[SeenMessage]] = {}
        for seen in reversed(theirs):
            waiting.setdefault(seen.identity, []).append(seen)
        alone: list[Noted] = []
        for noted in ours:
            same = waiting.get(noted.message.identity)
            if same:
                self._opinion.sip += 1
                self._headers(number, noted.message.security, same.pop().security)
            else:
                alone.append(noted)
        return alone, [seen for left in waiting.values() for seen in reversed(left)]

    def _headers(self, number: int, ours: Sequence[SeenHeader], theirs: Sequence[SeenHeader]) -> None:
        """Compare the Security-* headers of a message that both have."""
        if ours == theirs:
            self._opinion.sec_agree += len(ours)
            return
        mine, others = Counter(ours), Counter(theirs)
        self._opinion.sec_agree += sum((mine & others).values())
        unlike, like = [*(mine - others).elements()], [*(others - mine).elements()]
        for place in range(max(len(unlike), len(like))):
            texts = [_header(each[place]) if place < len(each) else "no such header" for each in (unlike, like)]
            self._enter(None, "sec-agree", number, *texts)

    def _moved(self, only_ours: dict[int, list[Noted]], only_theirs: dict[int, list[SeenMessage]]) -> None:
        """Find messages over TCP that both have, though in different frames."""
        places: dict[tuple[str, str, str], list[int]] = {}
        for number, seen in only_theirs.items():
            for other in seen:
                places.setdefault(other.identity, []).append(number)
        for number, noted in only_ours.items():
            for one in list(noted):
                identity = one.message.identity
                elsewhere = places.get(identity)
                if not elsewhere or one.transport != "TCP":
                    continue
                place = min(elsewhere, key=lambda found: abs(found - number))
                elsewhere.remove(place)
                noted.remove(one)
                others = only_theirs[place]
                others.remove(next(other for other in others if other.identity == identity))
                self._enter(Reason.REORDERED, "sip", number, _shown(one.message), f"the same in frame {place}")

    def _unseen(self, number: int, noted: Noted) -> Reason | None:
        """Why the other reader does not see a message."""
        if any(frame.capture != self._index for frame in noted.frames):
            return Reason.OTHER_FILE
        theirs, ours = self._theirs.get(number, _SILENCE), self._ours[number]
        if noted.transport == "TCP":
            remarks = {mark for at in noted.frames for mark in self._theirs.get(at.number, _SILENCE).remarks}
            if any("retransmission" in remark for remark in remarks):
                return Reason.RETRANSMISSION
            if remarks & HOLES:
                return Reason.HOLE
            if any(packet.spi in self._broken for packet in theirs.packets):
                return Reason.BAD_ICV
        if ours.packets > ours.verified and any(packet.icv == UNCHECKED for packet in theirs.packets):
            return Reason.UNPROVEN
        return self._lacks(theirs) or (Reason.MALFORMED if noted.message.malformed else None)

    def _extra(self, number: int, seen: SeenMessage) -> Reason | None:
        """Why only the other reader sees a message."""
        ours, theirs = self._ours.get(number, _NOTHING), self._theirs[number]
        if ours.copy:
            return Reason.COPY
        if ours.replayed:
            return Reason.REPLAY
        if ours.told:
            return Reason.TOLD
        if theirs.cut:
            return Reason.CUT
        if any(packet.spi in self._broken for packet in theirs.packets):
            return Reason.BAD_ICV
        if ours.packets > ours.verified and any(packet.icv == UNCHECKED for packet in theirs.packets):
            return Reason.GUESSED
        return (
            self._lacks(theirs) or self._encapsulated(theirs, "sip") or (Reason.MALFORMED if seen.malformed else None)
        )

    @staticmethod
    def _encapsulated(theirs: SeenFrame, what: str) -> Reason | None:
        outside = theirs.layers[: theirs.layers.index(what)] if what in theirs.layers else ()
        return None if OPENED.issuperset(outside) else Reason.INSIDE

    def _enter(self, reason: Reason | None, about: About, number: int, ours: str, theirs: str) -> None:
        opinion, place = self._opinion, (self._index, number)
        if reason is not None:
            explained = opinion.explained.setdefault(reason, Explained(reason=reason))
            explained.count += 1
            if len(explained.frames) < FRAMES and place not in explained.frames:
                explained.frames.append(place)
            return
        opinion.unexplained += 1
        if len(opinion.differences) < LISTED:
            found = Difference(about=about, capture=self._index, frame=number, ours=ours, theirs=theirs)
            opinion.differences.append(found)


_NOTHING: Final = NotedFrame()
_SILENCE: Final = SeenFrame(0, (), False, frozenset(), (), ())


def _shown(message: SeenMessage) -> str:
    return f"{message.start_line} (Call-ID {message.call_id}, CSeq {message.cseq})"


def _header(header: SeenHeader) -> str:
    read = ", ".join(f"{name}={value}" for name, value in header.parameters)
    return f"{header.name}: {header.text} (read as {read or 'nothing'})"
