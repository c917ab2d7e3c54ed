"""The book to take along: one PDF, an EPUB, and a copy of the site that opens from the disk. Made from `site/`."""
