"""Customer pages under /help/: asking, following, choosing, confirming, by signed link or mailed code."""
