"""Mail as a library: reading, judging, splitting, writing, naming. No tables, no network but DNS."""
