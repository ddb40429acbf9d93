"""REGISTER and its answers: procedures, the security agreement, authentication, bindings, re-registration."""
