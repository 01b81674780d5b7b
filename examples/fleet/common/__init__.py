"""What the flows of all teams share."""
