"""What our lab asks for beyond the standards."""
