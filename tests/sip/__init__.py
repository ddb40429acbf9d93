"""Tests of analyzer.sip."""
