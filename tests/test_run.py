"""One audit from files to report: what key files may say in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import run
from analyzer.ims import session
from analyzer.run import Options, audit

RECORDING = Path(__file__).parent.parent / "captures" / "udp4_sha1_aes"
CAPTURE = str(RECORDING / "udp4_sha1_aes.pcap")


def key_file(folder: Path, text: str) -> str:
    path = folder / "keys"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return str(path)


def entries(count: int, cipher: str = "AES-CBC [RFC3602]") -> str:
    return "".join(
        f'"IPv4","10.9.0.1","10.9.0.2","0x{number:08x}","{cipher}","0x{number:032x}","NULL",""\n'
        for number in range(1, count + 1)
    )


def test_a_key_file_of_many_strangers_does_not_fill_the_report(tmp_path: Path) -> None:
    right, many = str(RECORDING / "keys.toml"), key_file(tmp_path, entries(3000))
    notices = [each for each in audit([CAPTURE], Options(keys=[right, many])).notices if "key" in each]
    assert notices[-1] == f"{3000 - run.KEY_NOTICES:,} more keys that were not used"
    assert [each for each in notices if "not used:" in each] == [
        f"key not used: {many}:{line}" for line in range(1, run.KEY_NOTICES + 1)
    ]


def test_a_key_file_of_unknown_algorithms_does_not_fill_the_report(tmp_path: Path) -> None:
    strange = key_file(tmp_path, entries(run.KEY_NOTICES + 2, cipher="BLOWFISH-CBC [RFC2451]"))
    notices = audit([CAPTURE], Options(keys=[strange])).notices
    assert sum("left out" in each for each in notices) == run.KEY_NOTICES
    assert "2 more notices on key files" in notices


def test_proven_associations_are_kept_only_for_those_who_want_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each holds its set and its registration, so that nothing would ever be forgotten."""
    kept: list[object] = []
    monkeypatch.setattr(run, "assemble", lambda outcome, engine, *rest: kept.append(engine.tracker.session.proven))
    audit([CAPTURE], Options(keys=[str(RECORDING / "keys.toml")]))
    assert kept == [None]
    assert len(run.keyed_associations([CAPTURE], Options(keys=[str(RECORDING / "keys.toml")]))) > 3


def test_only_so_many_proven_associations_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PROVEN", 3)
    assert len(run.keyed_associations([CAPTURE], Options(keys=[str(RECORDING / "keys.toml")]))) == 3
