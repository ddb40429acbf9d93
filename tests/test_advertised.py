"""Entry points are found without `importlib.metadata` where that finds them, and by it where only it would."""

from __future__ import annotations

import sys
import zipfile
from importlib.abc import MetaPathFinder
from importlib.metadata import Distribution, entry_points
from pathlib import Path

import pytest

from analyzer.advertised import named
from analyzer.rule import GROUP

GROUPS = [GROUP, "pytest11", "console_scripts", "a", "b", "nobody"]


def expected(group: str) -> list[str]:
    return [point.value for point in entry_points(group=group)]


def install(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "entry_points.txt").write_text(text, "utf-8")


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_installed_here(group: str) -> None:
    assert named(group) == expected(group)


def test_all_spellings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    install(one, "Some.Pack-1.0.dist-info", "junk = 0\n# [a]\n[a]\n x=one \n#y = no\ny = p.q:r [extra]\n[b]\nz = two\n")
    install(other, "some_pack-2.0.dist-info", "[a]\nx = shadowed by the first\n")
    install(other, "old.egg-info", "[a]\r\nx = three\r\n")
    install(other, "no-metadata", "[a]\nx = never\n")
    (other / "lone-1.0.egg-info").write_text("a file of distutils\n", "utf-8")
    (other / "empty-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(one), str(tmp_path / "missing"), str(other)])
    assert sorted(named("a")) == sorted(["one", "p.q:r [extra]", "three"])
    assert named("b") == ["two"]
    for group in GROUPS:
        assert sorted(named(group)) == sorted(expected(group))


@pytest.mark.parametrize("name", ["pack.zip", "pack-1.0.egg"])
def test_archives(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("zipped-1.0.dist-info/METADATA", "Name: zipped\n")
        archive.writestr("zipped-1.0.dist-info/entry_points.txt", "[a]\nx = zipped\n")
    monkeypatch.syspath_prepend(str(tmp_path / name))
    assert named("a") == expected("a") == ["zipped"]


def test_an_egg_as_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "pack-1.0.egg", "EGG-INFO", "[a]\nx = laid\n")
    (tmp_path / "pack-1.0.egg" / "EGG-INFO" / "PKG-INFO").write_text("Name: pack\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "pack-1.0.egg"))
    assert named("a") == expected("a") == ["laid"]


def test_others_who_find_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "hidden-1.0.dist-info", "[a]\nx = hidden\n")

    class Finder(MetaPathFinder):
        def find_distributions(self, context: object = None) -> list[Distribution]:
            return [Distribution.at(tmp_path / "hidden-1.0.dist-info")]

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert named("a") == expected("a") == ["hidden"]
