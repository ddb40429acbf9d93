"""The session model: subjects, registrations, transactions, sets of security associations."""
