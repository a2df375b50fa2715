"""Pages of one's own account: signing in and out, and what is under /me/."""
