"""NEG-21: the syntax of an ipsec-3gpp entry."""

import re

from analyzer.ims.events import ChallengeSent, Mechanism, RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Level, Pass, Profile, Severity, Verdict, rule
from rules.negotiation.showing import entries_table

TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
QVALUE = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
USUAL = re.compile(rf"[0-9]{{10}} [0-9]{{10}} [1-9][0-9]* [1-9][0-9]* {TOKEN.pattern} {TOKEN.pattern}").fullmatch
"""Matches both SPIs, both ports and both algorithms: one look instead of six, of which none lets a blank pass."""
VALUED = frozenset({"ealg", "prot", "mod", "q"})
"""Parameters that may be left out, but have a value; of those that have to be there NEG-02 and NEG-05 speak."""
DIGITS = 10
"""Digits of an SPI in the grammar of Annex H."""


@rule(
    "NEG-21",
    clause="TS 33.203 Annex H; RFC 3329 2.2, Appendix A",
    source="33.203 Annex H [D]; RFC 3329 2.2, App. A [D]",
    actor="either",
    severity=Severity.LOW,
    traps=("FP20", "R25"),
    evidence=("E3",),
    plaintext=False,
    by_headers=(RegistrationStarted, ChallengeSent),
)
def malformed_mechanism(event: RegistrationStarted | ChallengeSent, profile: Profile) -> Verdict | None:
    """The entries of Security-Client and Security-Server keep to the grammar: names and algorithms are tokens, an SPI
    is a decimal number from 0 to 4294967295, a port one from 1 to 65535, prot is esp, mod is trans or UDP-enc-tun.

    A receiver that reads a value in another way than its sender meant it builds another association, and everything
    after SM6 is lost without a word.

    SM1 is judged (the UE) and SM6 (the P-CSCF); SM7 only repeats both (NEG-07, NEG-08). A value that is not there at
    all is NEG-02's or NEG-05's. An SPI below 256 is well-formed, but reserved: ESP-01 speaks of it.

    Not a violation: the order of parameters, upper case, blanks, quotes, leading zeros (FP20); unknown parameters, for
    the grammar is open; entries of other mechanisms and those with ``mediasec``. The grammar asks for ten digits in an
    SPI, but its own examples and real phones have fewer: a note. An SPI that is printed negative counts by its bits
    elsewhere (R25) and is reported here. RFC 3329 itself knows ``prot=ah`` and ``mod=tun``, so the papers' profile
    leaves them alone (R17).
    """
    if isinstance(event, RegistrationStarted):
        entries, actor, name = event.offer, Actor.UE, "Security-Client of SM1"
    else:
        entries, actor, name = event.server, Actor.PCSCF, "Security-Server of SM6"
    judged_entries = [entry for entry in entries if entry.is_ipsec and not entry.is_mediasec]
    nameless = [entry for entry in entries if not TOKEN.fullmatch(entry.name)]
    if not judged_entries and not nameless:
        return None
    if not nameless and all(_usual(entry) for entry in judged_entries):
        return PASS
    flaws = dict.fromkeys(sorted({flaw for entry in judged_entries for flaw in _flaws(entry, profile.papers)}))
    if nameless:
        flaws["name", "is no token"] = None
    short = [key for key in ("spi-c", "spi-s") if any(_digits(entry, key) < DIGITS for entry in judged_entries)]
    if not flaws and not short:
        return PASS
    tables = (entries_table(name, [*judged_entries, *nameless]),)
    if flaws:
        return Broken(
            fault="+".join(dict.fromkeys(key for key, _ in flaws)),
            message=f"{name}: {', '.join(f'{key} {what}' for key, what in list(flaws)[:6])}",
            actor=actor,
            expected="SPI 0 to 4294967295, port 1 to 65535, prot esp, mod trans or UDP-enc-tun",
            observed="; ".join(entry.text for entry in [*judged_entries, *nameless][:4]),
            argument="the values were read without regard to case, quotes, blanks and leading zeros",
            tables=tables,
        )
    note = Broken(
        fault="short-spi",
        message=f"{name} prints {' and '.join(short)} with fewer than ten digits, as most do",
        actor=actor,
        level=Level.INFO,
        tables=tables,
    )
    return Pass(note=note)


def _usual(entry: Mechanism) -> bool:
    """Whether an entry is written as nearly all are, so that there is nothing to say of it."""
    get = entry.params.get
    spis_and_ports = f"{get('spi-c')} {get('spi-s')} {get('port-c')} {get('port-s')}"
    return (
        None not in (entry.spi_c, entry.spi_s, entry.port_c, entry.port_s)
        and USUAL(f"{spis_and_ports} {get('alg') or ''} {get('ealg', 'null') or ''}") is not None
        and get("prot", "esp") == "esp"
        and get("mod", "trans") == "trans"
        and QVALUE.fullmatch(get("q", "1") or "") is not None
    )


def _flaws(entry: Mechanism, papers: bool) -> list[tuple[str, str]]:
    """What is wrong with the values that are there: name of the parameter and the fault."""
    found = []
    for key, value in entry.params.items():
        if value is None:
            if key in VALUED:
                found.append((key, "has no value"))
            continue
        if key in ("spi-c", "spi-s"):
            if not _number(value, 0, 2**32 - 1):
                negative = value[:1] == "-" and _number(value[1:], 1, 2**31)
                found.append((key, "is printed negative" if negative else "is no number of 32 bits"))
        elif key in ("port-c", "port-s"):
            if not _number(value, 1, 65535):
                found.append((key, "is no port"))
        elif key in ("alg", "ealg"):
            if not TOKEN.fullmatch(value):
                found.append((key, "is no token"))
        elif key == "prot":
            if value.lower() not in (("esp", "ah") if papers else ("esp",)):
                found.append((key, "is not esp"))
        elif key == "mod":
            if value.lower() not in (("trans", "tun", "udp-enc-tun") if papers else ("trans", "udp-enc-tun")):
                found.append((key, "is neither trans nor UDP-enc-tun"))
        elif key == "q" and not QVALUE.fullmatch(value):
            found.append((key, "is no preference"))
    return found


def _number(text: str, least: int, most: int) -> bool:
    digits = text.lstrip("0") or "0"
    return text.isascii() and text.isdigit() and len(digits) <= DIGITS and least <= int(digits) <= most


def _digits(entry: Mechanism, key: str) -> int:
    value = entry.params.get(key)
    return DIGITS if value is None else len(value)
