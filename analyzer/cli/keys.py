"""`gmaudit keys`: the security associations that could be keyed, for other tools."""

from __future__ import annotations

import click

from analyzer.cli.options import audit_options, captures_argument, keys_option
from analyzer.cli.refusal import Refusal, guarded
from analyzer.report import outputs


@click.command("keys", short_help="Write keyed security associations for other tools.")
@captures_argument
@keys_option
@click.option(
    "--format",
    type=click.Choice(["wireshark", "xfrm", "toml"]),
    required=True,
    help="esp_sa of Wireshark, what ip xfrm state prints, or our own key file.",
)
@click.option(
    "--output", required=True, metavar="FILE", type=click.Path(), help="Where the keys go; only its owner may read it."
)
def export(captures: tuple[str, ...], keys: tuple[str, ...], format: str, output: str) -> int:
    """Write the security associations that could be keyed, for other tools.

    Keys go into a file and nowhere else. Wireshark has one key for an SPI: where one came back with other keys, the
    second keys go into FILE.2, and so on.
    """
    from analyzer.report import keyfiles
    from analyzer.report.progress import Counter
    from analyzer.run import keyed_associations

    inputs = [*captures, *keys]
    try:
        keyfiles.check(output, inputs)
        with Counter() as progress:
            found = guarded(lambda: keyed_associations(captures, audit_options(keys), progress=progress))
        if not found:
            raise Refusal("no security association could be keyed; give keys with --keys")
        for line in keyfiles.write(found, format, output, inputs):
            click.echo(f"gmaudit: {line}", err=True)
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    return 0
