"""The build tool of the book.

Snippets use two names from here, `figure` and `results`; everything else serves the build.
"""

from book.marks import figure, results

__all__ = ["figure", "results"]
