"""Synthetic captures: a scripted UE and P-CSCF whose ESP is scapy's, for tests that break one thing at a time."""

from .scenario import Scenario
from .sip_text import reginfo
from .state import How, Procedure, SaSet, Sent, Ue
from .verify import audited, check, passes

__all__ = ["How", "Procedure", "SaSet", "Scenario", "Sent", "Ue", "audited", "check", "passes", "reginfo"]
