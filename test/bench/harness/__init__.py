"""Side-by-side measurements of two connection poolers."""
