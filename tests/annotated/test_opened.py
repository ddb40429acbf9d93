"""What ESP packets held is what their scripted sender put in, in packets that scapy finds right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6

from analyzer.annotated import opened
from analyzer.annotated.opened import Content, contents
from analyzer.frame import SECOND
from analyzer.run import Options, keyed_associations
from tests.scenario import Scenario


def inside(scenario: Scenario, folder: Path, *, keys: bool = True, lead: int = 0) -> list[Content]:
    """All that is opened, with keys or without; ``lead`` makes the associations later than they were."""
    capture, file = folder / "a.pcap", folder / "keys.toml"
    capture.write_bytes(scenario.pcap())
    file.write_text(scenario.keys_toml())
    keyed = keyed_associations([str(capture)], Options(keys=[str(file)] if keys else [], rules=()))
    later = [each._replace(since=(each.since or 0) + lead) for each in keyed]
    return list(contents([str(capture)], later))


def checked(packet: bytes) -> Any:
    """The packet as scapy reads it; all of its checksums are those that scapy works out."""
    kind: Any = IPv6 if packet[0] >> 4 == 6 else IP
    found = kind(packet)
    again = kind(packet)
    for layer in (again, again.payload):
        for name in ("chksum", "len", "plen"):
            if name in layer.fields:
                del layer.fields[name]
    assert bytes(kind(bytes(again))) == packet == bytes(found)
    return found


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_protected_message_is_there(transport: str, ipv6: bool, tmp_path: Path) -> None:
    scenario = Scenario(transport=transport, ipv6=ipv6)
    first = scenario.register()
    scenario.call("ue", on=first)
    found = {each.frame: each for each in inside(scenario, tmp_path)}
    for label in ("sm7", "sm12", "invite", "invite.bye"):
        content = found[scenario.frame(label)]
        packet = checked(content.packet)
        layer = packet[UDP if transport == "udp" else TCP]
        assert bytes(layer.payload) == scenario.sent[label].raw
        assert content.capture == 0
    assert scenario.frame("sm1") not in found
    assert found[scenario.frame("sm7")].spi == first.spi_ps
    assert found[scenario.frame("sm7")].sequence == (1 if transport == "udp" else 3)  # behind SYN and ACK


def test_a_tunnel_gives_the_packet_that_was_in_it(tmp_path: Path) -> None:
    scenario = Scenario(mod="UDP-enc-tun")
    scenario.request("ue", "MESSAGE", on=scenario.register())
    found = {each.frame: each for each in inside(scenario, tmp_path)}
    packet = checked(found[scenario.frame("req")].packet)
    assert bytes(packet[UDP].payload) == scenario.sent["req"].raw


def test_what_no_key_has_proven_is_not_there(tmp_path: Path) -> None:
    scenario = Scenario(ealg="null")
    scenario.request("ue", "MESSAGE", on=scenario.register())
    assert inside(scenario, tmp_path, keys=False) == []
    scenario.corrupt("req")
    frames = {each.frame for each in inside(scenario, tmp_path)}
    assert scenario.frame("resp") in frames
    assert scenario.frame("req") not in frames


def test_clocks_may_differ_by_a_time_zone(tmp_path: Path) -> None:
    scenario = Scenario()
    scenario.register()
    assert len(inside(scenario, tmp_path, lead=12 * 3600 * SECOND)) == len(inside(scenario, tmp_path)) == 2
    assert inside(scenario, tmp_path, lead=2 * opened.LEAD) == []


def test_a_packet_that_came_twice_is_there_once(tmp_path: Path) -> None:
    scenario = Scenario()
    scenario.request("ue", "MESSAGE", on=scenario.register())
    before = len(inside(scenario, tmp_path))
    scenario.duplicate("req", 0.001)
    assert len(inside(scenario, tmp_path)) == before
