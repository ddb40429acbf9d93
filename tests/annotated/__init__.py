"""Tests of analyzer.annotated."""
