"""SIP as text: framing, messages, sec-agree and AKA digest headers."""
