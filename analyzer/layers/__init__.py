"""Where in some octets the next header is: what triage and the packet reader both have to know. Imports nothing."""
