"""What tshark says of one frame, as the comparison needs it: which branches of its tree, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from analyzer.seen import (
    BAD,
    GOOD,
    HEADERS,
    PARAMETERS,
    UNCHECKED,
    VALUE,
    SeenFrame,
    SeenHeader,
    SeenMessage,
    SeenPacket,
    plain,
)

_QUOTING: Final = ("icmp", "icmpv6")
"""Below these tshark 4.6 has what an error message quotes; 4.0 has it beside them."""
TREES: Final = " ".join(
    (
        "frame esp esp.icv sip sip.msg_hdr tcp tcp.analysis tcp.analysis.flags",
        *(f"sip.{name}" for name in HEADERS),
        *_QUOTING,
    )
)
"""The branches of its tree of fields that tshark prints."""
_REMARK: Final = "tcp.analysis."


def seen_frame(packet: Any) -> SeenFrame:
    """A packet of pyshark in our words. Raises AttributeError or ValueError if it is not as tshark makes them."""
    frame = packet.frame_info
    layers = tuple(_text(frame, "frame.protocols").split(":"))
    packets: list[SeenPacket] = []
    messages: list[SeenMessage] = []
    remarks: set[str] = set()
    for layer in packet.layers:
        for one in (layer, *layer.duplicate_layers):
            if layer.layer_name == "esp":
                packets += _packet(one)
            elif layer.layer_name == "sip":
                messages += _message(one)
            elif layer.layer_name == "tcp":
                remarks |= _remarks(one)
            elif layer.layer_name in _QUOTING:
                packets += (packet for quoted in _all(one, "esp") for packet in _packet(quoted))
                messages += (message for quoted in _all(one, "sip") for message in _message(quoted))
    cut = int(_text(frame, "frame.cap_len")) < int(_text(frame, "frame.len"))
    number = int(_text(frame, "frame.number"))
    return SeenFrame(number, layers, cut, frozenset(remarks), tuple(packets), tuple(messages))


def _packet(esp: Any) -> Iterator[SeenPacket]:
    spi = _text(esp, "esp.spi")
    if not spi:
        return  # so short that there is no SPI
    verdict = UNCHECKED
    for tree in _all(esp, "esp.icv_tree"):
        good, bad = _true(_text(tree, "esp.icv_good")), _true(_text(tree, "esp.icv_bad"))
        verdict = GOOD if good else BAD if bad else UNCHECKED
    yield SeenPacket(int(spi, 0), int(_text(esp, "esp.sequence") or "0", 0), verdict)


def _message(sip: Any) -> Iterator[SeenMessage]:
    start = _text(sip, "sip.Request-Line") or _text(sip, "sip.Status-Line")
    if not start:
        return  # something on a port of SIP that is no message, such as a keep-alive
    trees = _all(sip, "sip.msg_hdr_tree")
    headers = trees[0] if trees else None
    if headers is None:
        yield SeenMessage(plain(start), "", "", ())
        return
    security = []
    for name in HEADERS:
        texts, details = _all(headers, f"sip.{name}"), _all(headers, f"sip.{name}_tree")
        for place, text in enumerate(texts):
            detail = details[place] if place < len(details) else None
            security.append(SeenHeader(name, plain(_raw(text), VALUE), _parameters(detail)))
    call_id, cseq = _text(headers, "sip.Call-ID"), _text(headers, "sip.CSeq")
    yield SeenMessage(plain(start), plain(call_id), plain(cseq), tuple(security))


def _parameters(tree: Any) -> tuple[tuple[str, str], ...]:
    if tree is None:
        return ()
    return tuple(
        sorted(
            (name, plain(_raw(value)).strip('"').lower())
            for name in PARAMETERS
            for value in _all(tree, f"sip.sec_mechanism.{name.replace('-', '_')}")
        )
    )


def _remarks(tcp: Any) -> set[str]:
    names = {name for tree in _all(tcp, "tcp.analysis_tree") for name in _names(tree)}
    return {name.rpartition(".")[2] for name in names if name.startswith(_REMARK)}


def _names(layer: Any) -> Iterator[str]:
    for tree in _all(layer, "tcp.analysis.flags_tree"):
        yield from (f"{_REMARK}{name}" for name in tree.field_names)


def _all(layer: Any, name: str) -> list[Any]:
    """The values of a field, each a text or a tree."""
    try:
        found = layer.get_field(name)
    except AttributeError:
        return []
    return found if isinstance(found, list) else [found]


def _text(layer: Any, name: str) -> str:
    """The first value of a field, empty if there is none."""
    return next((_raw(found) for found in _all(layer, name)), "")


def _raw(field: Any) -> str:
    value = field.raw_value
    return value if isinstance(value, str) else ""


def _true(text: str) -> bool:
    """Whether a field is set, which some versions of tshark write as ``1`` and others as ``True``."""
    return text.lower() in ("1", "true")
