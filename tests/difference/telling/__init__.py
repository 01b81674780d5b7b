"""How changes are told: a comment, a picture, a document."""
