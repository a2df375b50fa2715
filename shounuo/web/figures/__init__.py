"""Pages of figures, under /data/: the library of metrics and a page for each."""
