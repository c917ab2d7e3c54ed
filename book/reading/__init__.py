"""What comes to a reader beside the text: looks, search, terms, notebooks, code to take along."""
