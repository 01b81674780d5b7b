"""What a shell offers."""
