"""Pages of reports, their files and their mails."""
