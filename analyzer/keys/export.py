"""Keyed security associations in a form that other tools read; the only place that turns keys into text.

Wireshark's `esp_sa` has one key for an SPI and knows no time, so what came back with other keys goes into a further
text. What ``ip -s xfrm state`` prints, and our own TOML, say from when until when each association held; `ip` to the
second, in local time without a zone, for which UTC is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

from analyzer.frame import SECOND
from analyzer.ipsec.algorithms import Keys, Spelling, pair
from analyzer.ipsec.esp import SecurityAssociation

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = 1_000


class Keyed(NamedTuple):
    """An association whose keys are known (ValueError if not), and what else a file can say of it."""

    association: SecurityAssociation
    ports: tuple[int | None, int | None] = (None, None)
    """Source and destination port."""
    mode: str | None = None
    """``transport`` or ``tunnel``."""
    since: int | None = None
    """From when on it was there, in nanoseconds since the epoch."""
    until: int | None = None
    group: int | None = None
    """Number of the set that it belongs to, if it belongs to one: sets are never torn apart."""


class Text(NamedTuple):
    """The content of one file."""

    text: str
    associations: int
    """How many are in it."""


def unnamed(found: Iterable[Keyed], form: str) -> dict[str, int]:
    """How many associations a format (`wireshark`, `xfrm`, `toml`) cannot have, by the algorithm that it lacks."""
    counts: dict[str, int] = {}
    for each in found:
        for row in pair(each.association.alg, each.association.ealg):
            if (form == "wireshark" and row.esp_sa is None) or (form == "xfrm" and not row.names[Spelling.KERNEL]):
                counts[row.name] = counts.get(row.name, 0) + 1
    return counts


def wireshark(found: Iterable[Keyed]) -> list[Text]:
    """The `esp_sa` files, one for each generation of keys: the second has the second keys of each SPI, and so on.

    Each file also has what no later keys replaced, so that it serves for all that was there at the same time. A set is
    in a file as a whole or not at all.
    """
    lines = {each: line for each in found if (line := _esp_sa(each.association)) is not None}
    head = "# Security associations with their keys, written by gmaudit for Wireshark (file esp_sa of a profile)."
    texts = []
    for generation in _generations([*lines]):
        written = dict.fromkeys(lines[each] for each in generation)
        texts.append(Text("\n".join([head, *written]) + "\n", len(written)))
    return texts


Selector = tuple[bytes | None, bytes, int]


class _Group(NamedTuple):
    """Associations that stay together."""

    generation: int
    marked: list[tuple[Selector, tuple[object, ...], Keyed]]
    """Each with what decides which packets it gets, and with its keys."""


def _generations(found: Sequence[Keyed]) -> Iterator[list[Keyed]]:
    """Divide associations so that in each part an SPI has one key; what nothing contradicts is in several parts."""
    groups = _groups(found)
    for generation in range(max((group.generation for group in groups), default=-1) + 1):
        taken: dict[Selector, tuple[object, ...]] = {}
        chosen: set[int] = set()
        fitting = [group for group in reversed(groups) if group.generation <= generation]
        for group in sorted(fitting, key=lambda group: -group.generation):
            if all(taken.get(selector, content) == content for selector, content, _ in group.marked):
                taken.update((selector, content) for selector, content, _ in group.marked)
                chosen.add(id(group))
        yield [each for group in groups if id(group) in chosen for _, _, each in group.marked]


def _groups(found: Sequence[Keyed]) -> list[_Group]:
    """The sets, each with its generation: one more than that of those from which it took an SPI."""
    open_ended = {_ends(each)[1:] for each in found if each.association.source is None}
    sets: dict[object, list[Keyed]] = {}
    for number, each in enumerate(found):
        sets.setdefault(("alone", number) if each.group is None else each.group, []).append(each)
    latest: dict[Selector, tuple[int, tuple[object, ...]]] = {}
    groups = []
    for members in sets.values():
        marked = [(_selector(each, open_ended), _content(each.association), each) for each in members]
        generation = 0
        for selector, content, _ in marked:
            before, other = latest.get(selector, (0, content))
            generation = max(generation, before + (content != other))
        latest.update((selector, (generation, content)) for selector, content, _ in marked)
        groups.append(_Group(generation, marked))
    return groups


def _ends(each: Keyed) -> Selector:
    association = each.association
    return association.source, association.destination, association.spi


def _selector(each: Keyed, open_ended: set[tuple[bytes, int]]) -> Selector:
    """What decides in Wireshark which line a packet gets."""
    source, destination, spi = _ends(each)
    return None if (destination, spi) in open_ended else source, destination, spi


def _content(association: SecurityAssociation) -> tuple[object, ...]:
    keys, rows = _keys(association), pair(association.alg, association.ealg)
    return *(row.name for row in rows), keys.auth.octets, keys.enc.octets


def _keys(association: SecurityAssociation) -> Keys:
    if association.keys is None:
        raise ValueError("an association without keys cannot be exported")
    return association.keys


def _esp_sa(association: SecurityAssociation) -> str | None:
    alg, ealg = pair(association.alg, association.ealg)
    keys = _keys(association)
    if alg.esp_sa is None or ealg.esp_sa is None:
        return None
    destination = ip_address(association.destination)
    source = "*" if association.source is None else str(ip_address(association.source))
    who = f'"IPv{destination.version}","{source}","{destination}","0x{association.spi:08x}"'
    return f'{who},"{ealg.esp_sa}","{_hex(keys.enc.octets)}","{alg.esp_sa}","{_hex(keys.auth.octets)}"'


def xfrm(found: Iterable[Keyed]) -> Text:
    """The associations as ``ip -s xfrm state`` prints them; what has no source is for any."""
    blocks = [_state(each) for each in found if not unnamed([each], "xfrm")]
    return Text("".join(blocks), len(blocks))


def _state(each: Keyed) -> str:
    association = each.association
    keys = _keys(association)
    alg, ealg = pair(association.alg, association.ealg)
    source, destination = _addresses(association)
    unspecified = "0.0.0.0" if destination.version == 4 else "::"
    lines = [
        f"src {source or unspecified} dst {destination}",
        f"\tproto esp spi 0x{association.spi:08x} reqid 0 mode {each.mode or 'transport'}",
    ]
    for row, key, word in ((alg, keys.auth, "auth-trunc"), (ealg, keys.enc, "enc")):
        name = row.names[Spelling.KERNEL][0]
        if row.combined:
            lines.append(f"\taead {name} {_hex(key.octets)} {8 * row.icv}")
        elif row.icv:
            lines.append(f"\t{word} {name} {_hex(key.octets)} {8 * row.icv}")
        elif word == "enc" and not alg.combined:
            lines.append(f"\t{word} {name} {_hex(key.octets)}")
    ports = [f"{side} {port}" for side, port in zip(("sport", "dport"), each.ports, strict=True) if port is not None]
    if ports and source is not None:
        bits = destination.max_prefixlen
        lines.append(f"\tsel src {source}/{bits} dst {destination}/{bits} {' '.join(ports)}")
    if each.since is not None:
        begin = each.since // SECOND
        if each.until is not None:
            hard = max(1, -(-each.until // SECOND) - begin)
            lines += ["\tlifetime config:", f"\t  expire add: soft 0(sec), hard {hard}(sec)"]
        when = _moment(begin * SECOND).isoformat(sep=" ", timespec="seconds")
        lines += ["\tlifetime current:", f"\t  add {when} use -"]
    return "\n".join(lines) + "\n"


def toml(found: Iterable[Keyed]) -> Text:
    """The associations as ``[[sa]]`` tables of our own format."""
    blocks = [_table(each) for each in found]
    head = "# Security associations with their keys, written by gmaudit.\n"
    return Text(head + "".join(blocks), len(blocks))


def _table(each: Keyed) -> str:
    association = each.association
    keys = _keys(association)
    alg, ealg = pair(association.alg, association.ealg)
    source, destination = _addresses(association)
    fields: Sequence[tuple[str, object]] = (
        ("src", None if source is None else f'"{source}"'),
        ("dst", f'"{destination}"'),
        ("src_port", each.ports[0]),
        ("dst_port", each.ports[1]),
        ("spi", f"0x{association.spi:08x}"),
        ("mode", None if each.mode is None else f'"{each.mode}"'),
        ("alg", f'"{alg.name}"'),
        ("auth_key", f'"{keys.auth.octets.hex()}"'),
        ("ealg", f'"{ealg.name}"'),
        ("enc_key", f'"{keys.enc.octets.hex()}"'),
        ("from", None if each.since is None else _stamp(each.since)),
        # Rounded up, so that the last microsecond belongs to it.
        ("until", None if each.until is None else _stamp(-(-each.until // _MICROSECOND) * _MICROSECOND)),
    )
    return "".join(["\n[[sa]]\n", *(f"{name} = {value}\n" for name, value in fields if value is not None)])


def _addresses(association: SecurityAssociation) -> tuple[IPv4Address | IPv6Address | None, IPv4Address | IPv6Address]:
    source = association.source
    return None if source is None else ip_address(source), ip_address(association.destination)


def _hex(octets: bytes) -> str:
    return f"0x{octets.hex()}" if octets else ""


def _moment(time: int) -> datetime:
    return (_EPOCH + timedelta(microseconds=time // _MICROSECOND)).replace(tzinfo=None)


def _stamp(time: int) -> str:
    return _moment(time).isoformat(timespec="microseconds") + "Z"
