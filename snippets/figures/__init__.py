"""What draws and computes for the pages."""
