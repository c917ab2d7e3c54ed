"""What draws and computes for the pages of the part on lie groups."""
