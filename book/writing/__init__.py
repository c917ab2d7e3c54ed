"""What helps an author: the commands, and what a server says and renders after an edit."""
