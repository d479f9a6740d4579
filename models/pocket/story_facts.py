"""Does a story keep its characters and its object? What is checked follows from how story.py tells them.

From the beginning: the hero's name, kind and pronoun and the object (an adjective and a noun). From the
rest: each other character, introduced by `a KIND named NAME`. faults() names each sentence part that
contradicts them:

- a name that nobody was given, or a second kind for a name, or a second introduction of a name with another
  kind;
- a pronoun that no character so far has, or one at the start of a sentence that is not of the one spoken of
  last;
- the object's noun with another adjective, or an object of another adjective and noun that belongs to the
  hero.
"""

import re

from story import BOYS, GIRLS, KINDS, LOOKS, THINGS

PRONOUN_OF = dict.fromkeys(GIRLS, "she") | dict.fromkeys(BOYS, "he")
GENDER = {"she": "she", "her": "she", "he": "he", "his": "he", "him": "he"}
WORD = re.compile(r"[A-Za-z']+")
KIND = "(" + "|".join(KINDS) + ")"
NAMES = set(GIRLS) | set(BOYS)
NAME = "(" + "|".join(sorted(NAMES)) + ")"
INTRODUCED = re.compile(
    rf"\b{KIND},? (?:called|named) {NAME}\b|\b{NAME},? (?:was |and I am only )?an? (?:\w+ )?{KIND}\b"
)
A_THING = re.compile(
    r"\b(" + "|".join(LOOKS) + r") (" + "|".join(sorted(THINGS, key=len, reverse=True)) + r")\b"
)
SENTENCE = re.compile(r"[^.!?]+[.!?]+[\"]?")


def introductions(text):
    """[(name, kind)] as they are said."""
    found = []
    for m in INTRODUCED.finditer(text):
        kind, name, other_name, other_kind = m.groups()
        found.append((name or other_name, kind or other_kind))
    return found


def kind_faults(text):
    kinds, faults = {}, []
    for name, kind in introductions(text):
        if kinds.setdefault(name, kind) != kind:
            faults.append(f"{name} is a {kinds[name]} and a {kind}")
    return faults, kinds


def name_faults(text, kinds):
    """Names in the story that were never introduced; words with a capital inside a sentence are names."""
    faults = []
    for sentence in SENTENCE.findall(text):
        for m in WORD.finditer(sentence):
            word = m.group().removesuffix("'s")
            if word in NAMES and word not in kinds:
                faults.append(f"{word} was never introduced")
    return faults


def pronoun_faults(text):
    """Each pronoun is somebody's in the story so far; one that opens a sentence, of who was named last."""
    faults, known = [], set()
    subject = None
    for sentence in SENTENCE.findall(re.sub(r'"[^"]*"', '""', text)):
        words = WORD.findall(sentence)
        named = [w for w in words if w in NAMES]
        for word in words:
            if word in NAMES:
                known.add(PRONOUN_OF[word])
            gender = GENDER.get(word.lower())
            if gender and known and gender not in known and not named:
                faults.append(f"`{word}` is nobody's so far: {sentence.strip()}")
            elif gender and gender not in known | {PRONOUN_OF[n] for n in named}:
                faults.append(f"`{word}` is nobody's: {sentence.strip()}")
        if words and words[0] in ("He", "She") and subject and GENDER[words[0].lower()] not in subject:
            faults.append(f"`{words[0]}` is not the one spoken of: {sentence.strip()}")
        if named:
            subject = {PRONOUN_OF[n] for n in named}
    return faults


def object_faults(text):
    """The first object's noun keeps its adjective, and no other object with an adjective appears."""
    found = A_THING.findall(text)
    if not found:
        return ["no object"]
    return [
        f"{look} {thing} beside {found[0][0]} {found[0][1]}"
        for look, thing in found
        if (look, thing) != found[0]
    ]


def faults(text):
    found, kinds = kind_faults(text)
    return found + name_faults(text, kinds) + pronoun_faults(text) + object_faults(text)
