"""`gmaudit.toml`: options of `check`, `live` and `trace` that need not be given each time.

The file is the nearest ``gmaudit.toml``, or ``pyproject.toml`` with a table ``[tool.gmaudit]``, in the working
directory or above it, up to the root of a checkout (the directory with ``.git``); outside of one only the working
directory counts, since a file further up may be anybody's. `docs/configuration.md` has an example.

Which keys there are follows from the commands: a long option without its dashes. What the file says becomes the
defaults of the command (click's ``default_map``), so that the command line comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import click

from analyzer import toml
from analyzer.cli.refusal import Refusal
from analyzer.profile import PROFILES
from analyzer.report.renderers import DEFAULT, RENDERERS, recognised

Command = TypeVar("Command", bound=Callable[..., int])

FILE: Final = "gmaudit.toml"
SHARED: Final = "pyproject.toml"
VARIABLE: Final = "GMAUDIT_CONFIG"
NONE: Final = "none"

COMMANDS: Final = ("check", "live", "trace")
"""Those that take options from a file, and the names of tables for one of them alone."""

REPORTS: Final = "reports"
"""The key for what ``--format`` and ``--output`` say in pairs."""

OUTPUTS: Final = "gmaudit.outputs"
"""Where `Paired` keeps these pairs."""

ORIGIN: Final = "gmaudit.config"
"""Where the path of the file is kept, for reports to name it."""

LARGEST: Final = 1 << 20
"""Octets of a file that is read; a longer one is none of ours."""


class _File(NamedTuple):
    """One file of options."""

    path: Path
    table: dict[str, Any]
    prefix: str
    """What stands before every key of it in messages: ``tool.gmaudit.`` or nothing."""

    def refuse(self, key: str, why: str) -> Refusal:
        """What is wrong with a key."""
        return Refusal(f"{self.path}: {self.prefix}{key}: {why}")


class Flag(click.Option):
    """An option that is on or off. ``--no-NAME`` is there too, for who wants it off although the file says on."""

    def __init__(self, param_decls: Sequence[str], **attributes: Any) -> None:
        """As `click.Option`."""
        both = [f"{name}/--no-{name[2:]}" if name.startswith("--") else name for name in param_decls]
        super().__init__(both, **attributes)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Without the negative form, which few need."""
        record = super().get_help_record(ctx)
        return record and (record[0].partition(" / ")[0], record[1])


def config_option(command: Command) -> Command:
    """The option ``--config``, which gives all other options of its command their defaults."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(),
        envvar=VARIABLE,
        is_eager=True,
        expose_value=False,
        callback=_load,
        help=f"Options from this file, not from the nearest {FILE}; none: from no file.",
    )(command)


def _load(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    """Give the command that is being called the defaults of its file."""
    found = _chosen(value)
    if found is None or ctx.parent is None or not isinstance(ctx.parent.command, click.Group):
        return
    commands = {name: command for name, command in ctx.parent.command.commands.items() if name in COMMANDS}
    sections = {name: found.table.get(name) for name in commands}
    shared = {key: each for key, each in found.table.items() if key not in sections}
    _check(found, shared, list(commands.values()), "")
    for name, section in sections.items():
        if section is not None and not isinstance(section, dict):
            raise found.refuse(name, "must be a table")
        _check(found, section or {}, [commands[name]], f"{name}.")
    given = {**shared, **(sections.get(ctx.info_name or "") or {})}
    defaults: dict[str, Any] = {}
    for key, param, flag in _keys(ctx.command):
        if key in given:
            defaults[param.name or ""] = _value(found, key, given[key], param, flag, ctx)
    ctx.default_map = defaults
    ctx.meta[ORIGIN] = str(found.path)
    if REPORTS in given and not ctx.meta.get(OUTPUTS):
        ctx.meta[OUTPUTS] = list(_pairs(found, given[REPORTS]))


# --- which file -----------------------------------------------------------------------------------------------------


def _chosen(value: str | None) -> _File | None:
    """The file that the user named, or the nearest one; None for none at all."""
    if value == NONE:
        return None
    if value is not None:
        found = _read(Path(value))
        if found is None:
            raise Refusal(f"{value}: it has no table [tool.gmaudit]")
        return found
    for folder in _folders(Path.cwd()):
        for name in (FILE, SHARED):
            path = folder / name
            if path.is_file() and (found := _read(path)) is not None:
                return found
    return None


def _folders(start: Path) -> Iterator[Path]:
    """Where to look: up to the root of the checkout, or the working directory alone."""
    folders = [start, *start.parents]
    for place, folder in enumerate(folders):
        if (folder / ".git").exists():
            return iter(folders[: place + 1])
    return iter([start])


def _read(path: Path) -> _File | None:
    """The options in a file; None for a project file that has none."""
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from error
    if len(octets) > LARGEST:
        raise Refusal(f"{path}: larger than any file of options")
    try:
        table = toml.loads(octets.decode("utf-8"))
    except (UnicodeDecodeError, toml.TomlError) as error:
        raise Refusal(f"{path}: no TOML: {error}") from error
    if path.name != SHARED:
        return _File(path, table, "")
    tool = table.get("tool")
    ours = tool.get("gmaudit") if isinstance(tool, dict) else None
    if ours is None:
        return None
    if not isinstance(ours, dict):
        raise Refusal(f"{path}: tool.gmaudit: must be a table")
    return _File(path, ours, "tool.gmaudit.")


# --- what is in it --------------------------------------------------------------------------------------------------


def _keys(command: click.Command) -> Iterator[tuple[str, click.Option, bool]]:
    """Name in the file, option, and what ``true`` means for it; ``--format`` and ``--output`` are in `REPORTS`."""
    for param in command.params:
        if not isinstance(param, click.Option) or not param.expose_value or param.name in ("format", "output"):
            continue
        for names, flag in ((param.opts, True), ([] if isinstance(param, Flag) else param.secondary_opts, False)):
            yield from ((name[2:], param, flag) for name in names if name.startswith("--"))


def _check(found: _File, table: Mapping[str, Any], commands: list[click.Command], where: str) -> None:
    """Refuse keys that no command has, and the same option twice."""
    known = [entry for command in commands for entry in _keys(command)]
    names = [*(name for name, _, _ in known), REPORTS, *(COMMANDS if not where else ())]
    used: dict[str, str] = {}
    for key in table:
        if key not in names:
            from difflib import get_close_matches  # seldom needed: 2 ms of every start

            near = get_close_matches(key, names, 1, 0.75)
            hint = f"; did you mean {near[0]}?" if near else "; docs/configuration.md lists them all"
            if key in ("format", "output"):
                hint = f'; write {REPORTS} = [{{ format = "html", output = "report.html" }}]'
            raise found.refuse(f"{where}{key}", f"there is no such option{hint}")
        for option in {param.name or "" for name, param, _ in known if name == key}:
            if option in used:
                raise found.refuse(f"{where}{key}", f"says the same as {used[option]}; keep one of them")
            used[option] = key
    # Sections of other commands are read too: a mistake shows at once, not when that command is next called.
    for command in commands:
        with click.Context(command) as ctx:
            for key, param, flag in _keys(command):
                if key in table:
                    _value(found, f"{where}{key}", table[key], param, flag, ctx)
    if REPORTS in table:
        list(_pairs(found, table[REPORTS], where))


def _value(found: _File, key: str, value: Any, param: click.Option, flag: bool, ctx: click.Context) -> Any:
    """What the option gets; refuses another type than it has, and a value that it does not take."""
    if param.is_flag:
        if not isinstance(value, bool):
            raise found.refuse(key, "must be true or false")
        return value is flag
    values = value if param.multiple and isinstance(value, list) else [value]
    made = [_one(found, key, each, param, ctx) for each in values]
    return tuple(made) if param.multiple else made[0]


def _one(found: _File, key: str, value: Any, param: click.Option, ctx: click.Context) -> Any:
    wanted: type = int if isinstance(param.type, click.types.IntParamType) else str
    metavar = param.metavar or ""
    if isinstance(value, datetime) and metavar == "TIME":
        value = value.isoformat()
    if not isinstance(value, wanted) or isinstance(value, bool):
        one = "a whole number" if wanted is int else "a string"
        raise found.refuse(key, f"must be {one}" + (", or a list of them" if param.multiple else ""))
    if isinstance(value, str) and "\0" in value:
        raise found.refuse(key, "must not hold a null character")
    try:
        param.type.convert(value, param, ctx)
    except click.BadParameter as error:
        raise found.refuse(key, error.message.rstrip(".")) from error
    if "FILE" in metavar and isinstance(value, str):
        if metavar != "FILE" and value in PROFILES:
            return value
        if metavar != "FILE" and not (value.endswith(".toml") or "/" in value):
            raise found.refuse(key, f"there are {', '.join(PROFILES)}, and files that end in .toml")
        return _path(found, value)
    return value


def _path(found: _File, value: str) -> str:
    """A path of the file as the working directory sees it; ``-`` stays."""
    here = found.path.parent in (Path(), Path.cwd())
    return value if value == "-" or here else str(found.path.parent / value)


def _pairs(found: _File, reports: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Formats and outputs as the command line would give them."""
    key = f"{where}{REPORTS}"
    if not isinstance(reports, list) or not all(isinstance(each, dict) for each in reports):
        raise found.refuse(key, "must be a list of tables with format and output")
    for each in reports:
        for name, value in each.items():
            if name not in ("format", "output") or not isinstance(value, str):
                raise found.refuse(f"{key}.{name}", "must be format or output, each a string")
            if name == "format" and value not in RENDERERS:
                raise found.refuse(f"{key}.format", f"no form is called {value}; there are {', '.join(RENDERERS)}")
        output = each.get("output")
        yield "format", each.get("format") or recognised(output or "") or DEFAULT
        if output is not None:
            yield "output", _path(found, output)
