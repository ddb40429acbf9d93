"""gmaudit: does a phone and an IMS core protect their signalling as the standards demand?"""

__version__ = "0.1.0"
