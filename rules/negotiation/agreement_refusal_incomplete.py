"""NEG-14: a REGISTER without sec-agree is refused in the way of RFC 3329."""

from analyzer.ims.events import RegistrationRefused, RegistrationSucceeded, Sighting
from analyzer.rule import PASS, Actor, Broken, Level, Pass, Severity, Verdict, rule


@rule(
    "NEG-14",
    clause="RFC 3329 2.3.2",
    source="RFC 3329 2.3.2 [T]",
    actor="P-CSCF",
    severity=Severity.LOW,
    traps=("FP11", "NEG-04"),
    plaintext=False,
    by_headers=(RegistrationRefused,),
)
def agreement_refusal_incomplete(event: RegistrationRefused | RegistrationSucceeded) -> Verdict | None:
    """A P-CSCF that insists on the agreement refuses a REGISTER without it by 421 or 494, with its Security-Server and
    Require: sec-agree; and a REGISTER without the option tag leads to no set.

    421 is for a request without the tag, 494 for one that has it under Supported only. Without Security-Server the UE
    learns what is missing, but not what to offer. A P-CSCF that runs IPsec with a UE whose REGISTER does not require
    the agreement has given up what protects the agreement from being taken out.

    Not a violation: any other 4xx (TS 24.229 allows it), a 421 that asks for another extension, or that
    names none to a REGISTER which requires the agreement, a Security-Server with an empty entry, as it was seen in the
    field (a note), a P-CSCF that uses no IPsec for this contact (FP11). That the UE left the tag out is NEG-04, which
    is named as the cause where such a REGISTER is accepted.
    """
    if isinstance(event, RegistrationSucceeded):
        return _accepted(event)
    message = event.response.message
    if message.status not in (421, 494):
        refused = message.status < 500 and _offers(event.register) and not _requires(event.register)
        return PASS if refused else None
    required = message.has_option("require", "sec-agree")
    if message.status == 421 and not required and (message.first("require") is not None or _requires(event.register)):
        return None
    servers = message.values("security-server")
    missing = [] if servers else ["Security-Server"]
    if not required:
        missing.append("Require: sec-agree")
    if missing:
        return Broken(
            fault="+".join(name.partition(":")[0].lower() for name in missing),
            message=f"the {message.status} of the P-CSCF has no {' and no '.join(missing)}",
            actor=Actor.PCSCF,
            expected="Security-Server and Require: sec-agree",
            observed=message.start_line,
            related=(event.register.at,),
            argument="all header lines of the response were read",
        )
    if not any(value.strip(" ,;") for value in servers):
        empty = Broken(
            fault="empty-entry",
            message=f"the {message.status} of the P-CSCF has a Security-Server without any mechanism",
            actor=Actor.PCSCF,
            related=(event.register.at,),
            level=Level.INFO,
        )
        return Pass(note=empty)
    return PASS


def _accepted(event: RegistrationSucceeded) -> Verdict | None:
    register = event.register
    if event.expected is None or register.protection is None or register.protection.terms is not event.expected:
        return None
    if _requires(register) or register.message.truncated_headers or not _offers(register):
        return None
    return Broken(
        fault="accepted-without-agreement",
        message="the P-CSCF set up IPsec for a REGISTER that does not require the agreement",
        actor=Actor.PCSCF,
        expected="421, or 494 if sec-agree stands under Supported only",
        observed=event.response.message.start_line,
        related=(register.at,),
        cause="NEG-04",
        argument=f"neither Require nor Proxy-Require of SM7 has sec-agree, and set {event.expected.generation} is used",
    )


def _requires(register: Sighting) -> bool:
    return any(register.message.has_option(name, "sec-agree") for name in ("require", "proxy-require"))


def _offers(register: Sighting) -> bool:
    return register.message.first("security-client") is not None
