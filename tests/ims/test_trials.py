"""How often packets that fail are tried with other keys, and what is said of those that nothing opens."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analyzer.ims.packets import trials
from analyzer.ipsec.secret import Secret
from analyzer.ipsec.trial import Candidates, Found, find
from analyzer.report.model import Report
from tests.scenario import Scenario, audited
from tests.test_scenario import PAIRS


def counted(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The packets that are tried from now on."""
    tried: list[bytes] = []

    def counting(ck: Secret, ik: Secret, packets: list[bytes], **how: object) -> Found | None:
        tried.extend(packets)
        return find(ck, ik, packets, **how)  # type: ignore[arg-type]

    class Counting(Candidates):
        def find(self, packets: Sequence[bytes]) -> Found | None:
            tried.extend(packets)
            return super().find(packets)

    monkeypatch.setattr(trials, "find", counting)
    monkeypatch.setattr(trials, "Candidates", Counting)
    return tried


def strangers(messages: int) -> tuple[Scenario, str]:
    """A registration and messages of the UE, and keys of somebody else for the same RAND."""
    s = Scenario()
    first = s.register()
    for _ in range(messages):
        s.request("ue", "MESSAGE", on=first, answered=False)
    vector = first.vector
    return s, f'[[aka]]\nrand = "{vector.rand.hex()}"\nck = "{"11" * 16}"\nik = "{"22" * 16}"\n'


def test_only_the_first_packets_of_an_association_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = counted(monkeypatch)
    s, keys = strangers(messages=20)
    report = audited(s, keys=keys)
    assert len(tried) == trials.PACKETS + 1  # SM7 and three messages from the UE, SM12 to it
    assert (report.esp.verified, report.esp.no_key) == (0, 22)


def test_the_trials_of_an_audit_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "LIMIT", 2)
    tried = counted(monkeypatch)
    s, keys = strangers(messages=5)
    audited(s, keys=keys)
    assert len(tried) == 2


def test_few_vectors_are_tried_for_one_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = counted(monkeypatch)
    s, _ = strangers(messages=0)
    keys = "".join(f'[[aka]]\nck = "{number:032x}"\nik = "{number + 99:032x}"\n' for number in range(1, 12))
    audited(s, keys=keys)
    assert len(tried) == trials.VECTORS * 2


def test_an_association_that_is_proven_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = counted(monkeypatch)
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.corrupt("req")
    report = audited(s)
    assert tried == []
    assert report.esp.bad_icv == 1


def notices(report: Report) -> list[str]:
    return [text for text in report.notices if "SPI" in text]


def test_another_encryption_key_is_said_and_accuses_nobody() -> None:
    """The HMAC is right, what it protects is noise: nobody but the sender knows its encryption key."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    assert p.set is not None
    s.sm7(p, esp={"enc_key": bytes(range(50, 66))})
    report = audited(s)
    spi = f"0x{p.set.spi_ps:08x}"
    assert notices(report) == [
        f"{p.ue.impi}@{p.ue.address}: SPI {spi} has right ICVs and unreadable content: another encryption key"
    ]
    assert [each for each in report.findings if each.verdict != "inconclusive"] == []


def test_padding_that_no_sender_may_make_is_not_taken_for_another_key() -> None:
    s = Scenario(ealg="null")
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, esp={"pad": b"\x09\x09"})
    report = audited(s)
    assert notices(report) == []
    assert report.sip.protected == 1
    broken = {(each.rule, each.fault) for each in report.findings if each.verdict == "violation"}
    assert broken == {("ESP-06", "padding"), ("ESP-06", "alignment")}


def test_the_same_of_an_association_that_no_negotiation_names() -> None:
    s = Scenario()
    first = s.register()
    s.start_at("sm7")
    keys = (
        f'[[sa]]\ndst = "{s.ues[0].pcscf}"\nspi = {first.spi_ps}\nalg = "hmac-sha-1-96"\n'
        f'auth_key = "{first.vector.ik.hex()}"\nealg = "aes-cbc"\nenc_key = "{bytes(16).hex()}"\n'
    )
    report = audited(s, keys=keys)
    assert notices(report) == [
        f"SPI 0x{first.spi_ps:08x} has right ICVs and unreadable content: another encryption key"
    ]


# --- no negotiation in the capture ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_capture_that_begins_after_the_challenge_is_read(transport: str, alg: str, ealg: str) -> None:
    s = Scenario(transport=transport, alg=alg, ealg=ealg)
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first)
    s.request("pcscf", "NOTIFY", on=first)
    s.start_at("sm7.syn" if transport == "tcp" else "sm7")
    report = audited(s, profile="rel-11" if {alg, ealg} & {"hmac-md5-96", "des-ede3-cbc"} else "rel-17")
    assert report.esp.packets == report.esp.verified > 0
    assert (report.sip.protected, report.sip.clear) == (6, 0)
    assert [each for each in report.findings if each.verdict not in ("note", "inconclusive")] == []
    said = [text for text in report.notices if "not in the capture" in text]
    # SM7 tells the rest of its set: only what came before it, the handshake over TCP, had to be found by trial
    assert len(said) == (1 if transport == "udp" else 2)
    assert [(each.alg, each.ealg, each.keyed) for each in report.sa_sets] == [(alg, ealg, True)]
    assert all(f"those of {alg} and {ealg} with the keys of keys:1" in text for text in said)
    assert not any("not used" in text for text in report.notices)


def test_strangers_are_tried_once_and_with_few_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = counted(monkeypatch)
    s, _ = strangers(messages=20)
    s.start_at("sm7")
    keys = "".join(f'[[aka]]\nck = "{number:032x}"\nik = "{number + 99:032x}"\n' for number in range(1, 90))
    report = audited(s, keys=keys)
    assert len(tried) == trials.LOOSE * 2
    assert report.esp.no_key == report.esp.packets


def test_an_spi_that_nobody_announced_is_no_stranger_where_a_set_is_known() -> None:
    """ESP-01 has to see it, though the key would fit."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"spi": 0x7F000001}, answered=False)
    report = audited(s)
    assert report.esp.no_key == 1
    assert "ESP-01" in {each.rule for each in report.findings}
