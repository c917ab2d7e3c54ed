"""What is drawn and computed for the pages of the part *Equivariant layers*."""
