"""Wrong flows with the expected findings written beside their lines."""
