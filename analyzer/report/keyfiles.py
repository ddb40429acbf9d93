"""Files of keys: which ones a format needs, and what to tell of each. Only their owner can read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.keys.export import Keyed, toml, unnamed, wireshark, xfrm
from analyzer.report import outputs


def check(path: str, inputs: Sequence[str]) -> None:
    """See to it that keys can go to this path, which is none of the inputs. Raises OutputError."""
    outputs.check([path], inputs)
    outputs.check_private(path)


def write(found: Sequence[Keyed], form: str, path: str, inputs: Sequence[str]) -> Iterator[str]:
    """Write the associations as `wireshark`, `xfrm` or `toml`; yields what the user should know. Raises OutputError."""
    texts = wireshark(found) if form == "wireshark" else [xfrm(found) if form == "xfrm" else toml(found)]
    for name, count in unnamed(found, form).items():
        whose = "Wireshark" if form == "wireshark" else "ip xfrm"
        yield f"{_counted(count)} left out: {whose} has no name for {name}"
    if not any(each.associations for each in texts):
        raise outputs.OutputError("nothing is left to write; --format toml has every algorithm")
    for number, each in enumerate(texts, 1):
        one = each.associations == 1
        if number == 1:
            outputs.write_private(path, each.text)
            what = f"{_counted(each.associations)} with {'its' if one else 'their'} keys"
            yield f"{what} {'is' if one else 'are'} in {path}"
            continue
        further = f"{path}.{number}"
        check(further, inputs)
        outputs.write_private(further, each.text)
        yield (
            "SPIs came back with other keys, and Wireshark knows one key for an SPI: "
            f"{further} has those of their use number {number} ({_counted(each.associations)})"
        )


def _counted(count: int) -> str:
    return "1 security association" if count == 1 else f"{count} security associations"
