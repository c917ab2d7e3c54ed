"""Layers that respect turns and mirror images of pictures, and motions of points in space."""
