"""Cuts text into the word pieces of multilingual-e5: the likeliest cut under the model's unigram scores."""

from __future__ import annotations

from functools import lru_cache

from bot.brain.weights import Vocabulary

_MARK = "\u2581"


class Pieces:
    """A text to the numbers of its pieces. Words are cut one by one (no piece goes over a space) and remembered."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._scores = vocabulary.scores.tolist()
        self._longest = max(map(len, vocabulary.pieces))
        self._unknown_score = min(self._scores) - 10.0
        self._cut = lru_cache(maxsize=20_000)(self._cut_word)

    def ids(self, text: str, most: int) -> list[int]:
        """Begin mark, at most `most` pieces of the text, end mark."""
        replaced = self._vocabulary.replaced
        text = "".join(replaced.get(ord(letter), letter) for letter in text)
        found: list[int] = []
        for word in text.split():
            found += self._cut(_MARK + word)
            if len(found) >= most:
                break
        return [self._vocabulary.begin, *found[:most], self._vocabulary.end]

    def _cut_word(self, word: str) -> tuple[int, ...]:
        pieces, scores, unknown = self._vocabulary.pieces, self._scores, self._vocabulary.unknown
        size = len(word)
        best = [0.0] + [-1e30] * size
        came: list[tuple[int, int]] = [(0, unknown)] * (size + 1)
        for start in range(size):
            for end in range(start + 1, min(size, start + self._longest) + 1):
                piece = pieces.get(word[start:end])
                if piece is not None and piece != unknown and best[start] + scores[piece] > best[end]:
                    best[end], came[end] = best[start] + scores[piece], (start, piece)
            if best[start] + self._unknown_score > best[start + 1]:
                best[start + 1], came[start + 1] = best[start] + self._unknown_score, (start, unknown)
        cut: list[int] = []
        while size > 0:
            size, piece = came[size]
            cut.insert(0, piece)
        return tuple(cut)
