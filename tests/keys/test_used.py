"""Key files against a recording: which of their keys the report calls unused, and that it names them by place alone."""

from __future__ import annotations

import json

import pytest

from analyzer.report.model import Report
from analyzer.run import audit_frames
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage
from tests.test_captures import CAPTURES, report

NAME = "udp4_sha1_aes"
(SUBSCRIBER,) = json.loads((CAPTURES / NAME / f"{NAME}.json").read_text("utf-8"))["subscribers"]
FIRST, SECOND = SUBSCRIBER["sets"]
IMPI, K, OPC = SUBSCRIBER["impi"], SUBSCRIBER["k"], SUBSCRIBER["opc"]
WRONG = "00112233445566778899aabbccddeeff"


def audited(keys: str) -> Report:
    return audit_frames(Captures([str(CAPTURES / NAME / f"{NAME}.pcap")], Triage()), keys_text=keys)


def unused(made: Report) -> list[str]:
    return [notice.partition(": ")[2] for notice in made.notices if notice.startswith("key not used: ")]


def subscriber(impi: str, k: str) -> str:
    return f'[[subscriber]]\nimpi = "{impi}"\nk = "{k}"\nopc = "{OPC}"\n'


def aka(ck: str, ik: str, **narrowed: str) -> str:
    return f'[[aka]]\nck = "{ck}"\nik = "{ik}"\n' + "".join(f'{name} = "{value}"\n' for name, value in narrowed.items())


def dump(end: str, tag: str) -> str:
    return "".join(each["text"] for each in SUBSCRIBER["xfrm"] if (each["end"], each["tag"]) == (end, tag))


LAST = dump("ue", "rereg-after-SM7")
NOBODY = f"""src 10.20.0.11 dst 10.20.0.1
\tproto esp spi 0x00001001 reqid 1 mode transport
\tauth-trunc hmac(sha1) 0x{WRONG}00000000 96
\tenc cbc(aes) 0x{WRONG}
"""
NONCE = (
    f'3(138) NOTICE: <script>: Old header - WWW-Authenticate=Digest nonce="{FIRST["nonce"]}", '
    f'ck="{FIRST["ck"]}", ik="{FIRST["ik"]}", qop="auth"'
)


@pytest.mark.parametrize(
    ("keys", "places"),
    [
        (subscriber(IMPI, K), []),
        (subscriber(IMPI, K) + subscriber(IMPI, WRONG) + subscriber("somebody@else", K), ["keys:5", "keys:9"]),
        (subscriber(IMPI, K) + aka(WRONG, WRONG), ["keys:5"]),
        (aka(FIRST["ck"], FIRST["ik"]) + aka(SECOND["ck"], SECOND["ik"], rand=SECOND["rand"]), []),
        (aka(FIRST["ck"], FIRST["ik"], impi=IMPI) + aka(SECOND["ck"], SECOND["ik"], rand=WRONG), ["keys:5"]),
        (subscriber(IMPI, K) + aka(FIRST["ck"], FIRST["ik"]), []),
        (LAST, []),
        (LAST + NOBODY, [f"keys:{1 + LAST.count(chr(10))}"]),
        (NONCE, []),
    ],
)
def test_a_key_that_fits_nothing_is_named_by_its_place(keys: str, places: list[str]) -> None:
    made = audited(keys)
    assert made.esp.verified > 0
    assert unused(made) == places
    assert not any(key in notice for notice in made.notices for key in (K, OPC, WRONG, FIRST["ck"], FIRST["ik"]))


def test_what_only_decrypts_proves_nothing_but_is_read() -> None:
    """Secrets for tcpdump have no key of the ICV: all SIP can be read, no packet counts as verified."""
    lines = [f"aes128-cbc-hmac96:0x{key}\n" for key in (FIRST["ck"], SECOND["ck"])]
    made, truth = audited("".join(lines)), report(NAME, f"{NAME}.pcap")
    assert made.sip == truth.sip
    assert (made.esp.packets, made.esp.verified, made.esp.no_key) == (truth.esp.packets, 0, truth.esp.packets)
    assert made.esp.unchecked == truth.esp.packets
    (said,) = {each.message for each in made.findings if each.rule == "ESP-04"}
    assert said == "no key: what is encrypted is read, with a key for that alone, its ICVs are not checked"
    assert [each.partition(": ")[2] for each in made.notices if "ICVs" in each] == [
        f"set {number} is read with a key for its encryption alone, its ICVs unchecked" for number in (1, 2)
    ]
    assert unused(audited("".join([*lines, f"0x1@10.20.0.1 aes128-cbc-hmac96:0x{WRONG}\n"]))) == ["keys:3"]
