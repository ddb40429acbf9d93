"""Tests of ``analyzer.ipsec``."""
