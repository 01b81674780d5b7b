"""Settings: their files, tables, layers, and what discovery makes of them."""
