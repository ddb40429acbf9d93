"""One change at a time to a conformant capture: does the audit find it, all of it, and nothing else?"""
