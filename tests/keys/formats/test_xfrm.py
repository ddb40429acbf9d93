"""What ``ip xfrm state`` prints, on several systems."""

from __future__ import annotations

import ipaddress
import json
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer.frame import SECOND
from analyzer.keys.entries import ExplicitSa, KeyFileError
from analyzer.keys.formats.xfrm import read

KEY = "3adafa82e149cd679d4342489cddf417"
OTHER = "00112233445566778899aabbccddeeff"
HMAC_AND_NULL = f"auth-trunc hmac(sha1) 0x{KEY} 96\n\tenc ecb(cipher_null)"

PLAIN = f"""src 192.168.101.3 dst 192.168.1.220
\tproto esp spi 0x00000064 reqid 100 mode transport
\treplay-window 32 flag nopmtudisc
\tauth-trunc hmac(sha1) 0x{KEY} 96
\tenc ecb(cipher_null)\x20
\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
\tsel src 192.168.101.3/32 dst 192.168.1.220/32 sport 7600 dport 5100\x20
"""

# As our lab's kernels print them with ``ip -s xfrm state``, then ``ip xfrm policy``.
STATISTICS = """src fd00:20::1 dst fd00:20::b
\tproto esp spi 0xf11fd8fc(4045396220) reqid 4045396220(0xf11fd8fc) mode transport
\treplay-window 32 seq 0x00000000 flag  (0x00000000)
\tauth-trunc hmac(md5) 0x46677355c0863f2c2fb953447bd3da36 (128 bits) 96
\tenc cbc(des3_ede) 0x96c135ed1a693965536d3a1f0284c23f96c135ed1a693965 (192 bits)
\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
\tsel src fd00:20::1/128 dst fd00:20::b/128 sport 6100 dport 17173 uid 144282632
\tlifetime config:
\t  limit: soft (INF)(bytes), hard (INF)(bytes)
\t  expire use: soft 0(sec), hard 0(sec)
\tlifetime current:
\t  0(bytes), 0(packets)
\t  add 2026-11-22 04:23:11 use -
\tstats:
\t  replay-window 0 replay 0 failed 0
src 10.20.0.11 dst 10.20.0.1
\tproto esp spi 0x00001000(4096) reqid 4096(0x00001000) mode transport
\treplay-window 32 seq 0x00000000 flag  (0x00000000)
\tauth-trunc hmac(sha1) 0x0365e5fd1e4d2e7c0f1b7282196afa9600000000 (160 bits) 96
\tenc cbc(aes) 0xac5c3dd68d728bab804fbe1e53ae37e4 (128 bits)
\tsel src 0.0.0.0/0 dst 0.0.0.0/0 uid 0

src 10.20.0.1/32 dst 10.20.0.11/32 proto 6 sport 6100 dport 27811\x20
\tdir in priority 0 ptype main\x20
\ttmpl src 10.20.0.1 dst 10.20.0.11
\t\tproto esp reqid 1801212313 mode transport
src fd00:20::b/128 dst fd00:20::1/128 sport 22589 dport 5100\x20
\tdir in priority 2080 ptype main\x20
\ttmpl src fd00:20::b dst fd00:20::1
\t\tproto esp reqid 268435456 mode transport
"""

# A phone: no ports in the selector, an encapsulation line.
PHONE = f"""src 2001:db8::1 dst 2001:db8::2
\tproto esp spi 0x0000303a reqid 12 mode tunnel
\treplay-window 4
\tauth-trunc hmac(md5) 0x{KEY} 96
\tenc ecb(cipher_null)
\tencap type espinudp sport 4500 dport 4500 addr 0.0.0.0
\tsel src ::/0 dst ::/0
"""


def associations(text: str) -> list[ExplicitSa]:
    contents = read(text, "xfrm.txt")
    assert contents.notices == []
    return [entry for entry in contents.entries if isinstance(entry, ExplicitSa)]


def octets(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def test_a_short_sha1_key_is_taken_as_it_is() -> None:
    (entry,) = associations(PLAIN)
    assert (entry.source, entry.destination) == (octets("192.168.101.3"), octets("192.168.1.220"))
    assert (entry.spi, entry.source_port, entry.destination_port) == (100, 7600, 5100)
    assert (entry.alg, entry.ealg, entry.mode) == ("hmac-sha-1-96", "null", "transport")
    assert (entry.keys.auth.octets.hex(), entry.keys.enc.octets) == (KEY, b"")
    assert entry.origin == "xfrm.txt:1"


def test_statistics_and_policies() -> None:
    first, second = associations(STATISTICS)
    assert (first.source, first.destination) == (octets("fd00:20::1"), octets("fd00:20::b"))
    assert (first.spi, first.source_port, first.destination_port) == (0xF11FD8FC, 6100, 17173)
    assert (first.alg, first.ealg) == ("hmac-md5-96", "des-ede3-cbc")
    assert first.keys.enc.octets.hex() == "96c135ed1a693965536d3a1f0284c23f96c135ed1a693965"
    assert (second.spi, second.source_port, second.destination_port) == (4096, None, None)
    assert (second.alg, second.ealg) == ("hmac-sha-1-96", "aes-cbc")
    assert second.keys.auth.octets.hex() == "0365e5fd1e4d2e7c0f1b7282196afa9600000000"
    assert second.origin == "xfrm.txt:16"


def test_a_phone_and_its_policy_before_it() -> None:
    policy = STATISTICS[STATISTICS.index("src 10.20.0.1/32") :]
    (entry,) = associations(policy + PHONE)
    assert (entry.spi, entry.mode, entry.source_port) == (0x303A, "tunnel", None)


# As SIPWatcher reads them from a rooted phone: the ports stand in the policies alone, joined by reqid.
ANDROID = f"""src 2001:db8::a dst 2001:db8::1
\tproto esp spi 0x00001a2b reqid 12 mode transport
\treplay-window 0\x20
\tauth-trunc hmac(md5) 0x{KEY} 96
\tenc ecb(cipher_null)\x20
\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
\tsel src ::/0 dst ::/0\x20
src 2001:db8::a dst 2001:db8::1
\tproto esp spi 0x00001a2c reqid 13 mode transport
\tauth-trunc hmac(md5) 0x{KEY} 96
\tenc ecb(cipher_null)\x20
\tsel src ::/0 dst ::/0\x20
src 2001:db8::a dst 2001:db8::1
\tproto esp spi 0x00001a2d reqid 14 mode transport
\tauth-trunc hmac(md5) 0x{KEY} 96
\tenc ecb(cipher_null)\x20
\tsel src ::/0 dst ::/0\x20
"""
ANDROID_POLICY = """src 2001:db8::a/128 dst 2001:db8::1/128 proto udp sport 6301 dport 6490\x20
\tdir out priority 2080 ptype main\x20
\ttmpl src 2001:db8::a dst 2001:db8::1
\t\tproto esp reqid 12 mode transport
src 2001:db8::a/128 dst 2001:db8::1/128 proto tcp sport 6301 dport 6490\x20
\tdir out priority 2080 ptype main\x20
\ttmpl src :: dst ::
\t\tproto esp reqid 12 mode transport
src 2001:db8::a/128 dst 2001:db8::1/128 proto tcp sport 6300 dport 6491\x20
\tdir out priority 2080\x20
\ttmpl src :: dst ::
\t\tproto esp reqid 13 mode transport
src 2001:db8::a/128 dst 2001:db8::1/128 proto tcp sport 6300 dport 6492\x20
\tdir out priority 2080\x20
\ttmpl src :: dst ::
\t\tproto esp reqid 13 mode transport
src 2001:db8::1/128 dst 2001:db8::a/128 proto tcp sport 1 dport 2\x20
\tdir in priority 2080\x20
\ttmpl src :: dst ::
\t\tproto esp reqid 14 mode transport
src 2001:db8::/64 dst 2001:db8::1/128 proto tcp sport 1 dport 2\x20
\tdir out priority 2080\x20
\ttmpl src :: dst ::
\t\tproto esp reqid 14 mode transport
"""


@pytest.mark.parametrize("text", [ANDROID + ANDROID_POLICY, ANDROID_POLICY + ANDROID], ids=["state first", "last"])
def test_ports_of_a_phone_come_from_its_policies(text: str) -> None:
    """One pair of ports for a reqid and two addresses is taken; two pairs, or other addresses, say nothing."""
    found = [(entry.spi, entry.source_port, entry.destination_port) for entry in associations(text)]
    assert found == [(0x1A2B, 6301, 6490), (0x1A2C, None, None), (0x1A2D, None, None)]


def test_ports_of_the_state_itself_come_first_and_a_tunnel_has_those_of_what_is_inside() -> None:
    policy = "src 192.168.101.3/32 dst 192.168.1.220/32 sport 1 dport 2 \n\tdir in\n\ttmpl src :: dst ::\n"
    policy += "\t\tproto esp reqid 100 mode transport\n"
    (entry,) = associations(PLAIN + policy)
    assert (entry.source_port, entry.destination_port) == (7600, 5100)
    (entry,) = associations(PLAIN.replace("sport 7600 dport 5100", "").replace("transport", "tunnel") + policy)
    assert (entry.source_port, entry.destination_port) == (None, None)


@pytest.mark.parametrize(
    ("name", "alg", "ealg"),
    [("rfc4106(gcm(aes))", "null", "aes-gcm"), ("rfc4543(gcm(aes))", "aes-gmac", "null")],
)
@pytest.mark.parametrize("bits", ["", "(160 bits) "])
def test_combined_modes(name: str, alg: str, ealg: str, bits: str) -> None:
    (entry,) = associations(PLAIN.replace(HMAC_AND_NULL, f"aead {name} 0x{KEY}00112233 {bits}128"))
    assert (entry.alg, entry.ealg) == (alg, ealg)
    key, other = (entry.keys.auth, entry.keys.enc) if ealg == "null" else (entry.keys.enc, entry.keys.auth)
    assert (key.octets.hex(), other.octets) == (f"{KEY}00112233", b"")


def test_listings_one_after_the_other_repeat_what_has_not_changed() -> None:
    again = PLAIN.replace(f"{KEY} 96", f"{KEY}00000000 96")  # the same key for an HMAC
    found = associations(PLAIN + STATISTICS + PHONE + again + PLAIN.replace(KEY, OTHER))
    assert [entry.origin for entry in found] == [
        "xfrm.txt:1",
        "xfrm.txt:8",
        "xfrm.txt:23",
        "xfrm.txt:38",
        "xfrm.txt:52",
    ]


def test_when_a_state_was_made_and_when_it_expires() -> None:
    first, second = associations(STATISTICS)
    assert (first.since, first.until) == (nanoseconds("2026-11-22T04:23:11"), None)
    assert (second.since, second.until) == (None, None)
    text = STATISTICS.replace("expire use: soft 0(sec), hard 0", "expire use: soft 5(sec), hard 60")
    text = text.replace("\t  expire", "\t  expire add: soft 0(sec), hard 600(sec)\n\t  expire")
    assert associations(text)[0].until == nanoseconds("2026-11-22T04:33:11")
    text = text.replace("use -", "use 2026-11-22 04:23:30")
    assert associations(text)[0].until == nanoseconds("2026-11-22T04:24:30")


def nanoseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


MONITOR = f"""Timestamp: Sun Nov  1 07:32:58 2026 951158 usec
{PLAIN.rstrip()}
Timestamp: Sun Nov  1 07:33:00 2026 1 usec
src 192.168.101.3/32 dst 192.168.1.220/32 proto udp sport 1 dport 2\x20
\tdir out priority 0 ptype main\x20
\ttmpl src 192.168.101.3 dst 192.168.1.220
\t\tproto esp reqid 79 mode tunnel
Timestamp: Sun Nov  1 07:33:01 2026 0 usec
acquire proto esp\x20
  sel src 192.168.101.3/32 dst 192.168.1.220/32 proto udp sport 1 dport 2\x20
  policy src 192.168.101.3/32 dst 192.168.1.220/32\x20
Timestamp: Sun Nov  1 07:33:02 2026 0 usec
Async event  (0x20)  timer expired\x20
\tsrc 192.168.101.3 dst 192.168.1.220  reqid 0x64 protocol esp  SPI 0x64
"""


def block(prefix: str, key: str = KEY, rest: str = "") -> str:
    return prefix + PLAIN.replace(KEY, key).rstrip() + rest + "\n"


def test_a_monitor_tells_from_when_until_when() -> None:
    begun = nanoseconds("2026-11-01T07:32:58") + 951_158_000
    assert [(entry.since, entry.until) for entry in associations(MONITOR)] == [(begun, None)]
    later = nanoseconds("2026-11-01T08:00:00")
    stamp = "[2026-11-01T08:00:00.000000] "
    for end in (
        block(stamp + "Deleted "),
        block(stamp + "[nsid current] Deleted "),
        block(stamp + "Expired ", rest="\n\thard 1"),
        stamp + "Flushed state proto 0\n",
        stamp + "Deleted src 192.168.101.3 dst 192.168.1.220\n\tproto esp spi 0x00000064 reqid 100 mode transport\n",
        block(stamp, key=OTHER),
    ):
        first = associations(MONITOR + end)[0]
        assert (first.since, first.until) == (begun, later), end
    for other in (
        block(stamp + "Updated "),
        block(stamp + "Expired ", rest="\n\thard 0"),
        block("Deleted "),
        "Flushed state proto 0\n",
        stamp + "Flushed policy ptype main \n",
        stamp + "Deleted src 192.168.101.3/32 dst 192.168.1.220/32 \n\tdir out\n",
        stamp + "Mapping change 10.0.0.1:4500 -> 10.0.0.2:4500\n\tdst 10.0.0.3\n",
        stamp + "report proto esp \n  sel src 10.0.0.1/32 dst 10.0.0.2/32 \n",
    ):
        assert [(one.since, one.until) for one in associations(MONITOR + other)] == [(begun, None)], other


def test_a_state_that_was_there_before_the_monitor_or_comes_back() -> None:
    (entry,) = associations(block("[2026-11-01T08:00:00] Deleted "))
    assert (entry.since, entry.until) == (None, nanoseconds("2026-11-01T08:00:00"))
    (entry,) = associations(block("[2026-11-01T08:00:00] Updated "))
    assert (entry.since, entry.until) == (None, None)
    (entry,) = associations(block("") + block("[2026-11-01T08:00:00] Deleted ") + block("[2026-11-01T09:00:00] "))
    assert (entry.since, entry.until) == (None, None)


# As scripts of test tools add them.
COMMANDS = f"""#!/bin/sh
ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 4097 reqid 4097 mode transport replay-window 32 \\
    auth-trunc sha1 0x{KEY}00000000 96 enc cipher_null "" sel src 10.0.0.1/32 dst 10.0.0.2/32 sport 5061 dport 6100

sudo /sbin/ip -6 xfrm state update src fd00::1 dst fd00::2 proto esp spi 0x1002 mode tunnel auth 'hmac(md5)' \
0x{KEY} enc 'cbc(aes)' '45-----Key----23' encap espinudp 4500 4500 0.0.0.0 flag nopmtudisc limit time-hard 60 # tunnel
xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 010 reqid 7 aead "rfc4106(gcm(aes))" 0x{KEY}00112233 128
ip xfrm policy add src 10.0.0.1/32 dst 10.0.0.2/32 proto udp sport 1 dport 2 dir out tmpl proto esp reqid 7
ip xfrm state delete src 10.0.0.1 dst 10.0.0.2 proto esp spi 4097
ip xfrm policy flush
"""


def test_commands() -> None:
    first, second, third = associations(COMMANDS.replace(" \\\n0x", " 0x"))
    assert (first.source, first.destination) == (octets("10.0.0.1"), octets("10.0.0.2"))
    assert (first.spi, first.source_port, first.destination_port) == (4097, 5061, 6100)
    assert (first.alg, first.ealg, first.mode) == ("hmac-sha-1-96", "null", "transport")
    assert (first.keys.auth.octets.hex(), first.origin) == (f"{KEY}00000000", "xfrm.txt:2")
    assert (second.spi, second.alg, second.ealg, second.mode) == (0x1002, "hmac-md5-96", "aes-cbc", "tunnel")
    assert second.keys.enc.octets == b"45-----Key----23"
    assert (third.spi, third.ealg, third.source_port, third.destination_port) == (8, "aes-gcm", 1, 2)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (" spi 4097", " spi $SPI", 2, "spi must be followed by a number"),
        (" spi 4097", "", 2, "proto and spi must be given"),
        ("src 10.0.0.1 dst", "src 10.0.0 dst", 2, "two IPv4 or two IPv6"),
        ("auth-trunc sha1", "auht-trunc sha1", 2, "something as long as a key"),
        (f"0x{KEY}00000000", f"0x{KEY}0", 2, "a key must be"),
        ("sport 5061", "sport 70000", 2, "a port has 16 bits"),
        ("dport 6100", "dport", 2, "dport is not followed"),
        ("'cbc(aes)'", "'cbc(aes)", 6, "quotation mark"),
        ("'45-----Key----23'", "\u4e00", 6, "a key must be"),
        ("ip xfrm policy flush", "ip xfrm state add src \\", 10, "goes on in another line"),
        ("ip xfrm policy flush", "set -x", 10, "not a line of ip xfrm"),
    ],
)
def test_errors_in_commands(old: str, new: str, line: int, message: str) -> None:
    text = COMMANDS.replace(" \\\n0x", " 0x").replace("\n\n", "\n\n\n")
    assert old in text
    with pytest.raises(KeyFileError) as raised:
        read(text.replace(old, new, 1), "xfrm.txt")
    assert str(raised.value).startswith(f"xfrm.txt:{line}: ")
    assert message in str(raised.value)
    assert KEY[:8] not in "".join(traceback.format_exception(raised.value))


RECORDED = sorted((Path(__file__).parents[3] / "captures").glob("*/*.json"))
TRUTHS = [path for path in RECORDED if path.stem == path.parent.name]


@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.stem)
@pytest.mark.parametrize("end", ["ue", "pcscf"])
def test_the_dumps_of_the_recordings_are_the_sets_of_the_truth(path: Path, end: str) -> None:
    """All dumps of one end in one file. The UE's states have no ports: they come from its policies.

    The P-CSCF's own are not always right: some have ports of an earlier set, and its third 3DES key is wrong.
    """
    for subscriber in json.loads(path.read_text("utf-8"))["subscribers"]:
        dumps = [dump["text"] for dump in subscriber["xfrm"] if dump["end"] == end]
        if not any(dumps):
            continue
        found = {(one.destination, one.spi, one.keys.auth.octets[:16]): one for one in associations("".join(dumps))}
        ue, pcscf = octets(subscriber["ip"]), octets(subscriber["pcscf"])
        seen = 0
        for each in subscriber["sets"]:
            for source, destination, role, sport, dport in (
                (ue, pcscf, "ps", "uc", "ps"),
                (ue, pcscf, "pc", "us", "pc"),
                (pcscf, ue, "uc", "ps", "uc"),
                (pcscf, ue, "us", "pc", "us"),
            ):
                key = (destination, each[f"spi_{role}"] & 0xFFFFFFFF, bytes.fromhex(each["ik"]))
                entry = found.get(key)
                if entry is None:
                    continue
                seen += 1
                assert entry.source == source
                assert entry.since is not None
                assert (entry.alg, entry.ealg) == (each["alg"], each["ealg"])
                if end == "pcscf":
                    continue
                assert entry.keys.enc.octets.hex() == (each["ck_esp"] or "")
                assert (entry.source_port, entry.destination_port) == (each[f"port_{sport}"], each[f"port_{dport}"])
        assert seen >= 4


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("hmac(sha1)", "hmac(sha256)", "integrity algorithm"),
        ("ecb(cipher_null)", f"cbc(camellia) 0x{KEY}", "encryption algorithm"),
        (HMAC_AND_NULL, f"aead rfc7539esp(chacha20,poly1305) 0x{KEY} 128", "encryption algorithm"),
        (HMAC_AND_NULL, f"aead rfc4106(gcm(aes)) 0x{KEY}00112233 64", "128 bits"),
        (HMAC_AND_NULL, f"aead rfc4106(gcm(aes)) 0x{KEY} 128", "wants a key of 20 or 28 or 36 octets"),
        ("enc ecb(cipher_null)", f"aead rfc4106(gcm(aes)) 0x{KEY}00112233 128", "beside it must be null"),
        (f"0x{KEY} 96", f"0x{KEY} 160", "96 bits"),
        (f"0x{KEY} 96", f"0x{KEY}{KEY} 96", "wants a key of 16 or 20 octets, this one has 32"),
        (f"0x{KEY} 96", "<<Keys hidden>> 96", "nokeys"),
    ],
)
def test_states_of_other_tunnels_are_left_out_and_named(old: str, new: str, reason: str) -> None:
    assert old in PLAIN
    contents = read(PHONE + PLAIN.replace(old, new), "xfrm.txt")
    assert [entry.origin for entry in contents.entries] == ["xfrm.txt:1"]
    (notice,) = contents.notices
    assert notice.startswith("xfrm.txt:8: left out: ")
    assert reason in notice
    assert KEY[:8] not in notice


@pytest.mark.parametrize(
    "state",
    [
        "src 10.0.0.1 dst 10.0.0.2\n\tproto ah spi 0x00000064 reqid 100 mode transport\n\tauth hmac(md5) 0x00\n",
        "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000000 reqid 0 mode transport\n\treplay-window 0\n",
    ],
    ids=["AH", "larval"],
)
def test_states_that_cannot_matter_are_passed_over(state: str) -> None:
    assert len(associations(state + PHONE)) == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (f"0x{KEY}", f"0x{KEY}0", 4, "after auth, enc or aead"),
        (f"hmac(sha1) 0x{KEY} 96", "", 4, "after auth, enc or aead"),
        (f"0x{KEY} 96", f"0x{KEY}", 4, "length of the ICV"),
        ("spi 0x00000064", f"spi {KEY}", 2, "proto must be followed"),
        ("spi 0x00000064", "spi 9999999999", 2, "32 bits"),
        ("dst 192.168.1.220\n", f"dst {KEY}\n", 1, "two IPv4 or two IPv6"),
        ("dst 192.168.1.220\n", "dst fd00::1\n", 1, "two IPv4 or two IPv6"),
        ("auth-trunc", "auht-trunc", 4, "something as long as a key"),
        ("src 192", "[noon] src 192", 1, "neither a time nor a namespace"),
        ("src 192", "Timestamp: Sun Foo  1 07:32:58 2026 951158 usec\nsrc 192", 1, "Timestamp must be followed"),
        ("src 192", f"Timestamp: Sun Nov {'9' * 20} 07:32:58 2026 1 usec\nsrc 192", 1, "Timestamp must be"),
        ("src 192", "src 192.168.1.1/33 dst 192.168.1.1/32\nsrc 192", 1, "src and dst of a policy"),
        ("\treplay-window", f"{KEY} replay-window", 3, "not a line of ip xfrm"),
    ],
)
def test_errors_point_and_do_not_quote(old: str, new: str, line: int, message: str) -> None:
    assert old in PLAIN
    with pytest.raises(KeyFileError) as raised:
        read("# ip xfrm state\n" + PLAIN.replace(old, new, 1), "xfrm.txt")
    assert str(raised.value).startswith(f"xfrm.txt:{line + 1}: ")
    assert message in str(raised.value)
    assert KEY[:8] not in "".join(traceback.format_exception(raised.value))
