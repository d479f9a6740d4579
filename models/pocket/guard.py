"""Keeps the wordings of the texts in test/, of both halves and of the second set, out of what is generated.

A flat template is refused when it matches a test text as a regular expression: its words as they are, each
slot as anything that the slot could say (an open slot: any words). Case and punctuation do not count.
Nothing of the test leaves this file but yes or no.
"""

import json
import pathlib
import re

from grammar import SLOT

TEST = pathlib.Path(__file__).resolve().parent / "test"
FILES = ["utterances.jsonl", "second.jsonl"]
OPEN = r"\S+(?: \S+)*"


def plain(text):
    """What two texts are compared by: lower case, one blank between words, no punctuation."""
    return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())


def read_test():
    texts = []
    for name in FILES:
        with open(TEST / name, encoding="utf-8") as lines:
            texts += [plain(json.loads(line)["text"]) for line in lines]
    return texts


def words_pattern(surfaces):
    """A slot that says one of these."""
    return "(?:" + "|".join(sorted({re.escape(plain(s)) for s in surfaces}, key=len, reverse=True)) + ")"


def class_pattern(words):
    """A slot that says some of these words, and digits, in any order."""
    one = r"(?:\d\w*|" + "|".join(sorted({re.escape(plain(w)) for w in words}, key=len, reverse=True)) + ")"
    return f"{one}(?: {one})*"


def flat_pattern(flat, patterns):
    parts = SLOT.split(flat)
    out = []
    for i, part in enumerate(parts):
        if i % 2:
            out.append(patterns[part.lstrip("-=")])
        else:
            out += [re.escape(word) for word in plain(part).split()]
    return " ".join(out)


class Guard:
    def __init__(self, patterns):
        self.patterns = patterns
        self.texts = read_test()
        self.exact = set(self.texts)
        self.with_word = {}
        for i, text in enumerate(self.texts):
            for word in text.split():
                self.with_word.setdefault(word, set()).add(i)
        self.known = {}
        self.n_refused = 0

    def candidates(self, flat):
        found = None
        for word in plain(SLOT.sub(" ", flat)).split():
            having = self.with_word.get(word)
            if not having:
                return ()
            found = having if found is None else found & having
            if not found:
                return ()
        return range(len(self.texts)) if found is None else found

    def allows(self, flat):
        """Whether no test text has this wording."""
        if flat not in self.known:
            left = self.candidates(flat)
            if left:
                pattern = re.compile(flat_pattern(flat, self.patterns))
                left = [i for i in left if pattern.fullmatch(self.texts[i])]
            if len(self.known) > 400_000:
                self.known.clear()
            self.known[flat] = not left
        self.n_refused += not self.known[flat]
        return self.known[flat]

    def allows_text(self, text):
        return plain(text) not in self.exact
