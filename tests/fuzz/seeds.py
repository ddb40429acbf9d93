"""Makes the corpus that is stored: the same octets every time. ``python -m tests.fuzz.seeds`` writes it anew.

Small scripted registrations and calls for `engine` and `capture`, and for every parser what lies in them.
"""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

from scapy.layers import ipsec
from scapy.layers.inet import Ether

from tests.scenario import Scenario
from tests.scenario.reading import associations

from . import CORPUS, script
from .script import Record


def written(scenario: Scenario) -> list[Record]:
    """A scenario as a script; one with copies stays sealed, since the copies must be equal."""
    vectors = [made for _, made in scenario.vectors]
    records = [Record(script.VECTOR, 0, bytes((script.K[0] ^ ue.k[0],)) + made.rand) for ue, made in scenario.vectors]
    known, before = associations(scenario), None
    for frame in scenario.frames():
        delta = 0 if before is None else (frame.time - before) // 1_000_000
        before = frame.time
        inner = Ether(frame.data).payload
        content = _opened(frame.data, inner, known, vectors) if ipsec.ESP in inner and not scenario.copies else None
        kind = script.RAW if content is None else script.SEALED
        if content is None and ipsec.ESP not in inner:
            kind = script.FRAME
        records.append(Record(kind, min(delta, 0xFFFFFF), frame.data if content is None else content))
    return records


def _opened(data: bytes, packet: Any, known: dict[int, Any], vectors: list[Any]) -> bytes | None:
    """An ESP packet in transport mode as the content of a SEALED record; None for one that is not whole, or another."""
    header, esp = 14 + (40 if packet.version == 6 else 20), packet[ipsec.ESP]
    if esp.spi not in known or type(packet.payload) is not ipsec.ESP:
        return None
    owner, _, association = known[esp.spi]
    try:
        plain = association.decrypt(packet)
    except ipsec.IPSecIntegrityError:
        return None
    pair = script.PAIRS.index((owner.alg, owner.ealg))
    head = struct.pack(">II", esp.spi, esp.seq)
    following = plain.nh if plain.version == 6 else plain.proto
    vector = vectors.index(owner.vector)
    return script.sealed(pair, vector, following, data[:header], head + bytes(plain.payload))


def _udp() -> Scenario:
    made = Scenario()
    first = made.register()
    made.request("ue", "MESSAGE", on=first)
    made.request("pcscf", "NOTIFY", on=first)
    return made


def _again() -> Scenario:
    made = Scenario(alg="hmac-md5-96", ealg="des-ede3-cbc")
    first = made.register()
    second = made.register(over=first)
    made.wait(3)
    made.request("ue", "OPTIONS", on=second)
    made.request("pcscf", "OPTIONS", on=first)
    return made


def _tcp() -> Scenario:
    made = Scenario(transport="tcp", alg="hmac-sha-1-96", ealg="null")
    first = made.register()
    made.request("ue", "MESSAGE", on=first, segments=3)
    made.fin("ue", on=first, role="uc>ps")
    return made


def _call() -> Scenario:
    made = Scenario(ipv6=True, alg="null", ealg="aes-gcm")
    first = made.register()
    made.call("ue", on=first)
    return made


def _goodbye() -> Scenario:
    made = Scenario(alg="aes-gmac", ealg="null")
    first = made.register()
    made.refresh(on=first)
    made.deregister(on=first)
    made.notify_terminated(on=first)
    made.request("ue", "MESSAGE", on=first)
    return made


def _failures() -> Scenario:
    made = Scenario()
    asked = made.sm1()
    made.sm6(asked, bad_mac=True)
    made.reject(asked, "mac")
    made.sm6(asked, label="sm6b")
    made.sm7(asked, label="sm7b", res_wrong=True)
    made.sm12(asked, status=403)
    made.answer("sm1", 494, headers={"Security-Server": "ipsec-3gpp;alg=hmac-md5-96;spi-c=1;spi-s=2"})
    return made


def _core() -> Scenario:
    made = Scenario()
    first = made.register(core=True)
    made.request("ue", "MESSAGE", on=first)
    made.core_forward("req")
    return made


def _tap() -> Scenario:
    made = Scenario(copies="gtp")
    made.register()
    return made


def _tunnel() -> Scenario:
    made = Scenario(mod="udp-enc-tun")
    asked = made.sm1()
    made.sm6(asked)
    made.sm7(asked, esp={"udp": 4500})
    made.sm12(asked, esp={"udp": 4500})
    return made


def _pieces() -> Scenario:
    made = Scenario(ipv6=True)
    first = made.register()
    made.fragment("sm6")
    made.fragment("sm7")
    made.request("ue", "MESSAGE", on=first)
    made.cut("req", 90)
    made.corrupt("resp")
    return made


def _two() -> Scenario:
    made = Scenario()
    other = made.ue(1, sos=True)
    first = made.register()
    made.register(ue=other)
    made.request("ue", "MESSAGE")
    made.send("ue", b"\r\n\r\n", on=first)
    return made


def _switch() -> Scenario:
    made = Scenario(vantage="middle")
    first = made.register()
    made.request("pcscf", "NOTIFY", on=first, label="open", answered=False)
    second = made.register(over=first)
    made.request("pcscf", "OPTIONS", on=second)
    made.request("ue", "MESSAGE", on=first)
    made.wait(1)
    made.request("ue", "OPTIONS", on=second, answered=False)
    made.request("pcscf", "MESSAGE", on=first)
    made.answer("open", 200, on=second)
    return made


def _clear() -> Scenario:
    made = Scenario()
    first = made.register()
    made.request("ue", "MESSAGE", sport=first.port_us, dport=first.port_pc)
    made.request("pcscf", "NOTIFY", on=first, answer={"on": None, "sport": first.port_us})
    made.request("ue", "OPTIONS", on=first, answered=False)
    made.answer("req.2", 403, on=None)
    made.packet("ue", 51, bytes(24))
    made.packet(
        "pcscf", 132, struct.pack(">IIIBBHIQ", 3868 << 16 | 3868, 7, 0, 0, 3, 16 + len(_answer()), 1, 46) + _answer()
    )
    return made


def _late() -> Scenario:
    made = Scenario(expires=60)
    first = made.register()
    made.wait(200)
    made.request("ue", "MESSAGE", on=first)
    made.request("pcscf", "NOTIFY", on=first)
    made.register(over=first)
    made.wait(2000)
    made.register()
    return made


def _ports() -> Scenario:
    made = Scenario()
    first = made.register()
    made.request("pcscf", "MESSAGE", on=first, role="ps>uc")
    made.request("ue", "MESSAGE", on=first, role="us>pc", answer={"role": "ps>uc"})
    made.duplicate("req", 0.5)
    made.again("req", on=first)
    made.register(over=first, sm1={"client": {"port_c": first.port_uc, "spi_c": 100}})
    return made


def _connections() -> Scenario:
    made = Scenario(transport="tcp")
    first = made.register()
    call = made.invite("ue", on=first)
    made.answer(call, 180)
    second = made.register(over=first)
    made.answer(call, 200, on=second)
    made.rst("pcscf", on=first, role="ps>uc", clear=True)
    made.syn("pcscf", on=second, answered=False, label="try")
    made.fin("pcscf", on=first, role="ps>uc")
    return made


def _refused() -> Scenario:
    made = Scenario()
    first = made.register()
    asked = made.sm1(over=first)
    made.sm6(asked)
    made.reject(asked, "sqn")
    made.sm6(asked, label="sm6b")
    made.wait(40)
    again = made.sm1(over=first)
    made.sm6(again, server={"spi_c": first.spi_pc})
    made.sm7(again, on=first)
    made.sm12(again, on=first)
    return made


SCENARIOS: Final = {
    "udp": _udp,
    "again": _again,
    "tcp": _tcp,
    "call": _call,
    "goodbye": _goodbye,
    "failures": _failures,
    "core": _core,
    "tap": _tap,
    "tunnel": _tunnel,
    "pieces": _pieces,
    "two": _two,
    "switch": _switch,
    "clear": _clear,
    "late": _late,
    "ports": _ports,
    "connections": _connections,
    "refused": _refused,
}

OTHER_LINKS: Final = {"sll": (1, 2, b"\0\4\0\1\0\6" + bytes(8)), "raw": (3, 14, b""), "ppp": (6, 14, b"\xff\x03\0\x21")}
"""Number of the link type in `script.LINKS`, octets of the Ethernet header that go, and what stands in their place."""

KEY_FILES: Final = {
    "toml": script.KEYS[:250]
    + '[[aka]]\nrand = "00112233445566778899aabbccddeeff"\nck = "000102030405060708090a0b0c0d0e0f"\n'
    'ik = "000102030405060708090a0b0c0d0e0f"\n[[sa]]\nsrc = "10.0.0.1"\ndst = "10.0.0.2"\nspi = 0x1001\n'
    'alg = "hmac-sha-1-96"\nauth_key = "000102030405060708090a0b0c0d0e0f00000000"\nealg = "aes-cbc"\n'
    'enc_key = "000102030405060708090a0b0c0d0e0f"\nfrom = "2024-01-01T00:00:00Z"\n',
    "wireshark": '# This file is automatically generated, DO NOT MODIFY.\n"IPv4","10.0.0.1","10.0.0.*","0x0000100*",'
    '"AES-CBC [RFC3602]","0x000102030405060708090a0b0c0d0e0f","HMAC-SHA-1-96 [RFC2404]",'
    '"0x000102030405060708090a0b0c0d0e0f00000000"\n"IPv6","*","2001:db8::1/64","*","NULL","","NULL",""\n',
    "xfrm": "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00001001(4097) reqid 1(0x00000001) mode transport\n"
    "\treplay-window 32 seq 0x00000000 flag  (0x00000000)\n"
    "\tauth-trunc hmac(sha1) 0x000102030405060708090a0b0c0d0e0f00000000 (160 bits) 96\n"
    "\tenc cbc(aes) 0x000102030405060708090a0b0c0d0e0f (128 bits)\n"
    "\tsel src 10.0.0.1/32 dst 10.0.0.2/32 proto udp sport 5100 dport 6100 \n"
    "\tlifetime config:\n\t  expire add: soft 0(sec), hard 600(sec)\n\tlifetime current:\n"
    "\t  add 2024-01-01 00:00:00 use 2024-01-01 00:00:01\n"
    "src 10.0.0.1/32 dst 10.0.0.2/32 proto udp sport 5100 dport 6100 \n\tdir out priority 0 ptype main \n"
    "\ttmpl src 0.0.0.0 dst 0.0.0.0\n\t\tproto esp reqid 1 mode transport\n",
    "command": "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1001 mode transport "
    "auth-trunc 'hmac(md5)' 0x000102030405060708090a0b0c0d0e0f 96 "
    "enc 'cbc(des3_ede)' 0x000102030405060708090a0b0c0d0e0f0001020304050607 sel sport 5100\n",
    "secrets": "0x1001@10.0.0.2 aes128-cbc-hmac96:0x000102030405060708090a0b0c0d0e0f\n# tcpdump\n4098@::1 none:x\n",
    "log": 'Jan  1 00:00:00 host kamailio[77]: INFO: Expires 600000\n 5(77) DEBUG: WWW-Authenticate: Digest realm="a",'
    'nonce="AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8=",algorithm=AKAv1-MD5,'
    'ck="000102030405060708090a0b0c0d0e0f",ik="000102030405060708090a0b0c0d0e0f"\n',
}


def corpus() -> Iterator[tuple[str, str, bytes]]:
    """Target, name and octets of every seed."""
    for number, (name, make) in enumerate(SCENARIOS.items()):
        scenario = make()
        records = written(scenario)
        yield "engine", name, bytes((number * 37 & 0xFF,)) + script.write(records)
        if name in ("udp", "tcp", "pieces", "tap"):
            yield from _parsers(name, scenario, records)
    frames = [frame.data for frame in _udp().frames()]
    for name, (link, cut, head) in OTHER_LINKS.items():
        changed = [Record(script.RAW, 40, head + (frame[12:] if cut == 2 else frame[cut:])) for frame in frames[:5]]
        changed[0] = changed[0]._replace(kind=script.RAW | link << 4)
        yield "engine", name, b"\4" + script.write(changed)
    pcap = _udp().pcap()
    yield "capture", "pcap", b"\0" + pcap
    yield "capture", "pcapng", b"\0" + pcapng(pcap)
    yield "capture", "gzip", b"\0" + _gzip(pcap[:3000])
    for name, text in KEY_FILES.items():
        yield "keyfile", name, text.encode()
    yield "diameter", "answer", _answer()


def _gzip(octets: bytes) -> bytes:
    """Stored and not compressed, under a header of our own: versions of Python and zlib differ in what they write."""
    deflate = zlib.compressobj(0, wbits=-zlib.MAX_WBITS)
    header = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))
    return header + deflate.compress(octets) + deflate.flush() + struct.pack("<II", zlib.crc32(octets), len(octets))


def _parsers(name: str, scenario: Scenario, records: list[Record]) -> Iterator[tuple[str, str, bytes]]:
    frames = [frame.data for frame in scenario.frames()][:16]
    yield "packets", name, b"\0" + _joined(frames)
    texts = [content[_begin(content) :] for _, _, content in records if _is_sip(content)]
    for number, text in enumerate(texts[:4]):
        yield "message", f"{name}{number}", text
    yield "framing", name, b"\x20" + b"".join(texts[:4])
    values = [line.partition(b": ")[2] for text in texts[:4] for line in text.split(b"\r\n") if b"=" in line]
    yield "headers", name, _joined(values[:24])
    open_packets = [content[38:] for kind, _, content in records if kind == script.SEALED]
    if open_packets:
        yield "esp", name, bytes((0, 17)) + open_packets[0]
    middle = texts[0] + texts[1]
    third = len(middle) // 3
    parts = [middle[:third], middle[2 * third :], middle[third : 2 * third]]
    places = [0, 2 * third, third]
    together = list(zip(places, parts, strict=True))
    yield "lines", name, _joined([b"\x01" + struct.pack(">H", at) + part for at, part in together])
    segments = [
        struct.pack(">BHHIIBBHHH", 1, 5100, 6100, at, 0, 0x50, 0x18, 1000, 0, 0) + part for at, part in together
    ]
    yield "tcp", name, _joined([struct.pack(">BHHIIBBHHH", 1, 5100, 6100, 2**32 - 1, 0, 0x50, 2, 9, 0, 0), *segments])
    pieces = [struct.pack(">HB", at // 8, at < 1600) + middle[at : at + 800] for at in (800, 0, 1600)]
    yield "fragments", name, _joined(pieces)


def _is_sip(content: bytes) -> bool:
    return b"SIP/2.0" in content and b"\r\n\r\n" in content


def _begin(content: bytes) -> int:
    """Where the SIP message begins in a record: behind the eight octets of UDP or the twenty-odd of TCP."""
    found = [content.find(word) for word in (b"REGISTER", b"SIP/2.0 ", b"MESSAGE", b"NOTIFY", b"INVITE")]
    return min(at for at in found if at >= 0)


def _joined(pieces: list[bytes]) -> bytes:
    return b"".join(len(piece).to_bytes(2, "big") + piece for piece in pieces)


def pcapng(pcap: bytes) -> bytes:
    """The same frames as a pcapng file with one interface."""
    blocks = [_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), _block(1, struct.pack("<HHI", 1, 0, 0))]
    position = 24
    while position < len(pcap):
        seconds, micro, kept, length = struct.unpack_from("<IIII", pcap, position)
        stamp = seconds * 1_000_000 + micro
        data = pcap[position + 16 : position + 16 + kept]
        blocks.append(_block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, kept, length) + data))
        position += 16 + kept
    return b"".join(blocks)


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _answer() -> bytes:
    """A Multimedia-Auth-Answer with one vector."""

    def avp(code: int, content: bytes) -> bytes:
        head = struct.pack(">IBBHI", code, 0xC0, 0, 12 + len(content), 10415)
        return head + content + bytes(-len(content) % 4)

    item = avp(612, avp(609, bytes(range(32))) + avp(625, bytes(16)) + avp(626, bytes(range(16))))
    return struct.pack(">IIIII", 1 << 24 | 20 + len(item), 0x40 << 24 | 303, 16777216, 1, 2) + item


def main() -> None:
    """Write the corpus."""
    shutil.rmtree(CORPUS, ignore_errors=True)
    for target, name, data in corpus():
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        (CORPUS / target / name).write_bytes(data)


if __name__ == "__main__":
    main()
