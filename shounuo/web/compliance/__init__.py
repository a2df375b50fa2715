"""Pages on which it is seen how far the regulations are kept."""
