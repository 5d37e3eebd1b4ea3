"""What scripts tell by channels: rows of pieces, each `<length>:<bytes>`."""


def split(told: bytes) -> list[bytes]:
    """The pieces of a row."""
    found, place = [], 0
    while place < len(told):
        colon = told.index(b":", place)
        end = colon + 1 + int(told[place:colon])
        found.append(told[colon + 1 : end])
        place = end
    return found
