"""Tasks done again."""
