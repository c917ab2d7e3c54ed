"""What draws and computes for the pages of the part on linear algebra."""
