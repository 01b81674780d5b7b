"""Tasks by what engine and store say of them."""
