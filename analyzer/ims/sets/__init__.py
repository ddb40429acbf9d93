"""A set of four security associations: its states at both ends, its ends, and what each association has shown."""
