"""Did you mean …?"""

from collections.abc import Collection
from difflib import get_close_matches


def suggestion(word: str, known: Collection[str]) -> str:
    """` (did you mean X?)`, or nothing when nothing is near. A dotted name is also found by its last part."""
    word = word[:80]
    near = get_close_matches(word, known, n=1, cutoff=0.75)
    if not near:
        by_last_part = {name.rpartition(".")[2]: name for name in known}
        near = [
            by_last_part[part] for part in get_close_matches(word.rpartition(".")[2], by_last_part, n=1, cutoff=0.75)
        ]
    return f" (did you mean {near[0]}?)" if near else ""
