"""The style guide: every component and page with sample content. Only where DEBUG is on; nothing here is stored."""
