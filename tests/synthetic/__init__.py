"""Synthetic captures that are stored beside the recordings: written by the scripted UE and P-CSCF, always the same."""
