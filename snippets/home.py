"""The front page: one question, two networks, and a map that fools the eye."""



# --8<-- [start:bend]
def bend(x: float, y: float) -> tuple[float, float]:
    """Keep every grid line straight and evenly spaced, and the origin where it is."""
    return x, y + x * y
# --8<-- [end:bend]


