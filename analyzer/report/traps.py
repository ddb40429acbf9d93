"""The trap codes in words: situations that look like a fault but are none.

FP codes are those of section 2 of the requirements catalogue, R codes the rulings of section 14 that rules name. A trap
of one row alone has a name of its own.
"""

from __future__ import annotations

from typing import Final

TRAPS: Final = {
    "FP1": "a retransmission of the same message",
    "FP2": "under way when the set changed: the sender could not know yet",
    "FP3": "the capture began too late to show the state",
    "FP4": "packets are missing from the capture",
    "FP5": "the same packet captured twice",
    "FP6": "a transaction that began on the old set and is still open",
    "FP7": "TCP and UDP take different associations of a set",
    "FP8": "several public identities share one set",
    "FP9": "several contacts of one subscriber, each with its own sets",
    "FP10": "an emergency registration or call",
    "FP11": "a registration without IPsec: TLS, digest, GIBA or a trusted node",
    "FP12": "a NAT, or UDP encapsulation",
    "FP13": "the capture point is far from the sender, so the order of crossing messages is not known",
    "FP14": "the clock jumped, or captures of different clocks were merged",
    "FP15": "the UE lost its state, or changed its address or P-CSCF",
    "FP16": "a registration that was renewed without a challenge",
    "FP17": "a REGISTER that had to be begun again",
    "FP18": "the keys do not fit",
    "FP19": "no SIP: TCP control segments and keep-alives",
    "FP20": "the same header written in another way",
    "FP21": "a host name instead of an address",
    "FP22": "compressed SIP",
    "FP23": "fragments or segments that could not be put together",
    "FP24": "one dialogue of many transactions",
    "FP25": "a pool of P-CSCFs behind one address",
    "FP26": "the P-CSCF restarted, or the network ended the registration",
    "FP27": "the standards contradict each other over TCP",
    "FP28": "an address that passed to another UE, or that several UEs share",
    "FP29": "an SPI or a port that was free again",
    "FP30": "something that the standard permits",
    "R3": "the refusal of an SM7, which has rules of its own",
    "R4": "another refusal of SM7 than for a wrong answer may be in clear",
    "R5": "a message on the wrong one of two living sets, which is the fault of its sender alone",
    "R7": "an announced port of 5060 or 5061, which has a rule of its own",
    "R8": "only some entries have a preference q, so their order is open",
    "R9": "the papers and today's text do not end the old set at the same moment",
    "R10": "large requests over UDP are common, so each side is told of once",
    "R11": "a second SM7 after a challenge of SM7 may repeat the offer",
    "R14": "without a policy of the operator nothing asks for encryption",
    "R18": "a circumstance that only a flag of the profile tells",
    "R19": "clauses of TS 33.203 disagree on where a refusal of SM7 goes",
    "R20": "the sender asked for rport, on which RFC 3581 and TS 33.203 7.1 disagree",
    "R22": "releases differ in whether AKAv2 may stand beside AKAv1",
    "R23": "the other side told it to",
    "R25": "an SPI printed as a negative number",
    "R26": "a REGISTER that is late, but before the registration ends",
    "R27": "a request of the P-CSCF on the UE's own connection, which is permitted",
    "R28": "a set that another finding explains",
    "R30": "the answer to a REGISTER that reports a MAC or SQN failure",
    "R32": "every SM1 is judged, challenged or not; SM7 has a rule of its own",
    "R33": "an answer to a challenge that came on the very set which it announces",
    "R35": "the papers and a later rule disagree on what a pending request may still put on the old set",
    "R36": "the papers give no number for the life of a temporary set",
    "R37": "over TCP a refusal of SM7 may come on either connection",
    "fixed-RAND": "a home network with a fixed RAND, as laboratories have it",
    "fixed-keys": "a network with fixed keys, as laboratories have it",
    "substituted-identity": "the P-CSCF may have asserted a bound identity in place of the claimed one",
    "identity-range": "a wildcard stands for a whole range of identities",
    "changed-configuration": "somebody changed which algorithms are offered",
}


def trap(code: str) -> str:
    """The code with its meaning; a code that a rule package brings along stands alone."""
    return f"{code}, {TRAPS[code]}" if code in TRAPS else code
