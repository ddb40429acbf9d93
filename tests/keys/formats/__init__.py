"""Tests of the formats of key files."""
