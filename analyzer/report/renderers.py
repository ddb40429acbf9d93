"""The forms of a report by name, what each needs besides the report, and what it is given.

A form is one line in `RENDERERS`. Its module is imported when a report in that form is wanted, and has one function
``render(material: Material, sink: TextIO) -> None`` (``sink: BinaryIO`` where the line says ``binary``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct, field

if TYPE_CHECKING:
    from analyzer.keys.export import Keyed
    from analyzer.report.chronicle import Chronicle
    from analyzer.report.model import Report
    from analyzer.report.pseudonyms import Pseudonyms
    from analyzer.rule import Rule

Render = Callable[["Material", IO[Any]], None]


class Material(Struct, frozen=True, kw_only=True):
    """What a renderer is given."""

    report: Report
    """With pseudonyms already, where they were asked for."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """The rules that were chosen, by id: their clauses and their documentation. A report that comes from elsewhere may
    have rows for rules that are not here."""
    chronicle: Chronicle | None = None
    """Every SIP message; None unless the renderer's line asks for it."""
    captures: Sequence[str] = ()
    """The captures as the user named them: files, directories, patterns. Their real names, pseudonyms or not."""
    keys: Sequence[str] = ()
    """The key files as the user named them."""
    pseudonyms: Pseudonyms | None = None
    """For a renderer that reads anything besides report and chronicle: what replaces identities there."""
    deciding: Collection[str] = ("violation",)
    """Verdicts that decide the exit status (``--fail-on``); those of the default where nothing is to decide it."""
    keyed: Callable[[], Sequence[Keyed]] | None = None
    """Looks for the associations that a key opens, which takes another audit; None: what they hold is not wanted."""
    show_passes: bool = False
    statistics: bool = False
    configuration: str = ""
    """The file that options came from, if one did."""
    local: bool = False
    """Times in the zone of this machine, in the reports for people."""


class Renderer(NamedTuple):
    """One form of a report."""

    module: str
    """Where its ``render`` is."""
    suffixes: tuple[str, ...] = ()
    """Names of files by which the form is recognised where no ``--format`` says it; the longest one counts."""
    binary: bool = False
    """It writes octets, and so to no terminal."""
    chronicle: bool = False
    """It needs the SIP messages, which are kept for it."""
    captures: bool = False
    """It opens the captures again, which standard input cannot."""
    verbatim: bool = False
    """It holds packets as they were captured, so that no pseudonym hides who sent them."""

    def load(self) -> Render:
        """Import the module; its ``render``."""
        render: Render = import_module(self.module).render
        return render


RENDERERS: Final[Mapping[str, Renderer]] = {
    "text": Renderer("analyzer.report.text", (".txt",)),
    "json": Renderer("analyzer.report.json", (".json",)),
    "jsonl": Renderer("analyzer.report.jsonl", (".jsonl", ".ndjson")),
    "sarif": Renderer("analyzer.report.sarif", (".sarif", ".sarif.json")),
    "junit": Renderer("analyzer.report.junit", (".xml",)),
    "markdown": Renderer("analyzer.report.markdown", (".md", ".markdown")),
    "csv": Renderer("analyzer.report.csv", (".csv",)),
    "html": Renderer("analyzer.report.html", (".html", ".htm"), chronicle=True),
    "pcapng": Renderer("analyzer.annotated.render", (".pcapng",), binary=True, captures=True, verbatim=True),
}
"""The names that ``--format`` takes, the default first."""

DEFAULT: Final = next(iter(RENDERERS))


def recognised(path: str) -> str | None:
    """The form that the name of a file asks for; None if no suffix says it."""
    found = [
        (len(suffix), name)
        for name, renderer in RENDERERS.items()
        for suffix in renderer.suffixes
        if path.lower().endswith(suffix)
    ]
    return max(found)[1] if found else None
