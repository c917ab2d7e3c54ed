"""The code of the book: one package a part, one module a chapter."""
