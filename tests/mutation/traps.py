"""FP1 to FP30: for each trap a capture in which a rule must not accuse, and a twin without it in which it must.

Both are mutations, by name. In the first the rule is silent, or `probable` or `inconclusive` with the trap's code.
"""

from __future__ import annotations

from typing import NamedTuple


class Trap(NamedTuple):
    """One row of section 2 of the catalogue, tried with one rule."""

    code: str
    rule: str
    harmless: str
    twin: str


IN_CLEAR = "the UE sends a request in clear, unanswered"
HASTY = "the UE gives SM7 up before Timer F"

TRAPS = (
    Trap("FP1", "LIFE-02", "sm1 again after 2 and 4 s", HASTY),
    Trap("FP1", "TRN-10", "subscribe again after 2 and 4 s", "a repetition in clear"),
    Trap(
        "FP2",
        "SA-12",
        "a request of the UE that SM12 may have crossed",
        "the UE begins a request on the old set after SM12",
    ),
    Trap("FP2", "SA-14", "messages that cross", "the P-CSCF stays on the old set"),
    Trap("FP3", "NEG-12", "the capture begins with subscribe", "the deregistration mirrors the set before the last"),
    Trap("FP3", "ESP-01", "the capture begins with call", "an SPI that the UE itself announced"),
    Trap("FP4", "SA-06", "sm12 is not in the capture", "a request of the UE on the new set before SM12 (udp)"),
    Trap("FP4", "LIFE-10", "options.resp is not in the capture", "the UE has dropped the old set"),
    Trap("FP5", "ESP-02", "every frame twice, half a millisecond later", "the UE uses a number twice"),
    Trap("FP5", "CLR-06", "decrypted copies beside the ESP packets", "a repetition in clear"),
    Trap("FP6", "SA-14", "calls that ring across the switch", "the P-CSCF stays on the old set"),
    Trap(
        "FP6",
        "LIFE-13",
        "calls that ring across the switch over TCP",
        "the P-CSCF stays on the old set and its connection",
    ),
    Trap("FP7", "PORT-09", "a TCP segment again", "the P-CSCF answers to port_uc over UDP"),
    Trap("FP7", "PORT-08", "calls that ring across the switch over TCP", "the UE answers from port_us over UDP"),
    Trap("FP8", "LIFE-19", "another identity is due later", "a re-registration after it was due"),
    Trap("FP8", "SA-20", "the other registered identity", "an identity that nobody registered is asserted to the core"),
    Trap("FP9", "LIFE-02", "a second contact registers while the first re-registers", HASTY),
    Trap("FP9", "PORT-01", "a second contact of the same UE", "the UE moves its server port (udp, rel-17)"),
    Trap("FP10", "CLR-02", "an emergency call in clear", IN_CLEAR),
    Trap("FP10", "SA-01", "an emergency registration meanwhile", "a re-registration in clear"),
    Trap("FP11", "CLR-02", "no IPsec at all", IN_CLEAR),
    Trap("FP12", "ESP-11", "a NAT gives another port", "downlink to a port from which the UE never sent"),
    Trap("FP12", "ESP-10", "UDP encapsulation behind a NAT", "ESP in UDP without agreement"),
    Trap("FP13", "SA-13", "pcscf over udp, round trip 1.9 s", "the P-CSCF switches at SM12, and the life goes on"),
    Trap("FP13", "TRN-10", "both taps in one capture", "a repetition in clear"),
    Trap(
        "FP14",
        "LIFE-06",
        "a request eight seconds after the deadline",
        "the UE uses an expired set and is served (rel-17)",
    ),
    Trap(
        "FP15", "PORT-01", "a restart in clear with another server port", "the UE moves its server port (udp, rel-17)"
    ),
    Trap("FP15", "LIFE-20", "a restart in clear from another address", "the UE goes on from another address"),
    Trap(
        "FP16", "NEG-11", "an offer once more that was never used", "the re-registration repeats the UE's spi_uc (udp)"
    ),
    Trap("FP17", "LIFE-02", "503 to a protected SM1", HASTY),
    Trap("FP17", "SA-03", "a second challenge to SM7", "SM6 in clear for a protected SM1 (udp)"),
    Trap("FP18", "ESP-04", "the keys do not fit", "one packet of the UE does not verify (hmac-sha-1-96, aes-cbc)"),
    Trap("FP19", "SA-06", "a keep-alive before SM12", "a request of the UE on the new set before SM12 (udp)"),
    Trap(
        "FP20",
        "NEG-07",
        "Security-Client of SM7 in another spelling",
        "Security-Client of SM7 has another port-c, and is accepted",
    ),
    Trap("FP20", "NEG-08", "Security-Verify on two lines", "Security-Verify has only the chosen entry"),
    Trap("FP21", "PORT-14", "a Via with a host name", "a protected SM1 has a Via with another address, and is served"),
    Trap("FP22", "PORT-10", "compressed SIP in ESP", "the Via of message names 32101"),
    Trap("FP23", "ESP-04", "everything in fragments", "one packet of the UE does not verify (hmac-sha-1-96, aes-cbc)"),
    Trap("FP24", "SA-12", "a request inside a dialog", "the UE begins a request on the old set after the switch"),
    Trap("FP25", "NEG-10", "a UE that has the SPIs of another", "the re-challenge repeats the P-CSCF's spi_pc"),
    Trap("FP26", "LIFE-08", "a sudden silence of the P-CSCF", "the P-CSCF drops the set at its first deadline"),
    Trap(
        "FP27",
        "SA-18",
        "SM7 of a re-registration is refused on its own connection",
        "SM7 of a re-registration is refused on the new set (sa3-29)",
    ),
    Trap("FP28", "LIFE-02", "another UE behind the same address", HASTY),
    Trap("FP29", "NEG-10", "SPIs of a deleted set come again", "the re-registration repeats the UE's spi_uc (udp)"),
    Trap("FP29", "PORT-03", "SPIs of a deleted set come again", "the UE keeps its client port (udp)"),
    Trap("FP30", "TRN-03", "a request of the P-CSCF on the UE's connection", "the P-CSCF opens from port_ps"),
)
