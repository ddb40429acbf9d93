"""Tests of what the audit says about the quality of a capture, and of what it concludes from it."""
