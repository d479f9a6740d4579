"""Phrases that an answer copies: things to buy, to do, to time, to play; made-up words among them.

Every function takes a random.Random and returns what is said.
"""

import re

import words

ARTICLE = re.compile(r"^(?:(?:a|an|the|my|our|your|some) )+", re.I)


def value_of(said):
    """A copied phrase as tools.json wants it: lower case, no article before it."""
    return ARTICLE.sub("", said).lower()


class Letters:
    """Words that look like those of a list: each letter as likely as it is there after the two before it."""

    def __init__(self, known):
        self.after = {}
        for word in sorted(known):
            for i in range(len(word) + 1):
                self.after.setdefault(("^^" + word)[i : i + 2], []).append((word + "$")[i])

    def word(self, rng):
        while True:
            said = "^^"
            while said[-1] != "$" and len(said) < 13:
                said += rng.choice(self.after[said[-2:]])
            if 6 <= len(said) and said[-1] == "$":
                return said[2:-1]


def made_up(rng, most=3):
    word = LETTERS.word(rng) if rng.random() < 0.45 else of_syllables(rng, most)
    return accented(word, rng) if rng.random() < 0.06 else word


def of_syllables(rng, most):
    """Some begin with a vowel; between syllables there may be more than between words."""
    count = rng.randint(1, most)
    word = rng.choice(words.ONSETS) if rng.random() < 0.72 else ""
    for i in range(count):
        word += (rng.choice(words.MIDDLES) if i else "") + rng.choice(words.VOWELS)
    word += rng.choice(words.CODAS)
    return word if len(word) > 2 else of_syllables(rng, most)


def accented(word, rng):
    places = [i for i, c in enumerate(word) if c in words.ACCENTED]
    if not places:
        return word
    i = rng.choice(places)
    return word[:i] + rng.choice(words.ACCENTED[word[i]]) + word[i + 1 :]


def cased(said, rng):
    """With capitals that the answer does not have."""
    kind = rng.random()
    if kind < 0.5:
        return titled(said)
    return capital(said) if kind < 0.75 else said.upper()


ANY_WORDS = sorted(
    {
        word
        for phrases in (
            words.ACTS,
            words.ERRANDS,
            words.FOODS,
            words.GENRES,
            words.LABELS,
            words.PLACES,
            words.THINGS,
            words.TITLE_ADJECTIVES,
            words.TITLE_NOUNS,
        )
        for phrase in phrases
        for word in phrase.lower().split()
        if len(word) > 2 and word.isalpha()
    }
    - {"the", "for", "and", "from", "with", "off", "our", "some", "that"}
)
NAMES = {
    word
    for phrases in (words.FIRST_NAMES, words.BANDS, words.STATIONS)
    for phrase in phrases
    for word in phrase.lower().split()
    if word.isascii() and word.isalpha()
}
LETTERS = Letters(NAMES.union(ANY_WORDS))


def any_word(rng):
    """A word in a place where it may make no sense: what is copied is what was said, not what is likely."""
    return rng.choice(ANY_WORDS) if rng.random() < 0.6 else made_up(rng)


def any_words(rng):
    return " ".join(any_word(rng) for _ in range(rng.choice([1, 1, 2, 2, 3])))


def capital(word):
    return word[:1].upper() + word[1:]


def person(rng):
    kind = rng.random()
    if kind < 0.48:
        return rng.choice(words.FIRST_NAMES)
    if kind < 0.72:
        return rng.choice(words.FAMILY)
    name = capital(made_up(rng)) if rng.random() < 0.7 else rng.choice(words.FIRST_NAMES)
    return (
        f"{rng.choice(['Dr', 'Mr', 'Mrs', 'Ms', 'Miss', 'Aunt', 'Uncle', 'Professor', 'Auntie'])} {name}"
        if rng.random() < 0.45
        else name
    )


def thing(rng):
    kind = rng.random()
    if kind < 0.1:
        return any_words(rng)
    if kind < 0.72:
        return rng.choice(words.THINGS)
    if kind < 0.84:
        return rng.choice(words.FOODS + words.FOOD_SIMPLE)
    noun = made_up(rng)
    return f"{noun} {rng.choice(words.THINGS)}" if rng.random() < 0.4 else noun


def the(rng):
    return rng.choice(["the ", "the ", "the ", "my ", "our ", "a ", "some ", "", "that ", "both "])


PARTED = words.split("""
    turn off, turn on, turn down, turn up, switch off, switch on, take back, take out, take down, take upstairs, take
    inside, take along, take away, put away, put out, put up, put back, put down, let out, let in, bring in, bring back,
    bring down, bring upstairs, hang up, hang out, fill up, fill in, send back, send off, give back, set up, set aside,
    pick up, drop off, wash up, wipe down, clear out, clear up, throw out, throw away, shut off, shut down, hand in,
    hand over, check over, look up, lock up, write up, print out, sort out, warm up, top up, cut back, tie up, move
    inside, carry down
""")


def act(rng):
    """A chore: `collect the violin`, `ring Dr Blaunt about the lease`, `take the rug back`."""
    kind = rng.random()
    if kind < 0.08:
        verb, particle = rng.choice(PARTED).split(" ")
        return f"{verb} {the(rng)}{thing(rng)} {particle}"
    if kind < 0.4:
        return f"{rng.choice(words.ACTS)} {the(rng)}{thing(rng)}"
    if kind < 0.6:
        verb = rng.choice(
            [
                "call",
                "ring",
                "phone",
                "email",
                "text",
                "message",
                "write to",
                "visit",
                "meet",
                "thank",
                "pay",
                "see",
                "speak to",
                "talk to",
                "invite",
                "pick up",
                "drop off",
                "wake",
                "chase",
                "reply to",
                "get back to",
                "ask",
                "remind",
                "congratulate",
                "apologise to",
                "collect",
                "wish",
            ]
        )
        tail = rng.choice(
            [
                "",
                "",
                "",
                f" about {the(rng)}{thing(rng)}",
                f" about {the(rng)}{thing(rng)}",
                " back",
                f" for {the(rng)}{thing(rng)}",
            ]
        )
        return f"{verb} {person(rng)}{tail}"
    if kind < 0.72:
        return rng.choice(words.ERRANDS)
    if kind < 0.82:
        link = rng.choice(["for", "with", "from", "to"])
        return f"{rng.choice(words.ACTS)} {the(rng)}{thing(rng)} {link} {person(rng)}"
    if kind < 0.92:
        return f"{rng.choice(words.ACTS)} {the(rng)}{thing(rng)} and {the(rng)}{thing(rng)}"
    verb, whom = rng.choice(["buy", "get", "order", "grab"]), rng.choice(["", "", " for " + person(rng)])
    return f"{verb} {food(rng)}{whom}"


def event(rng):
    """What to be reminded of that is no act: `dentist appointment`."""
    noun = rng.choice(
        [
            "appointment",
            "meeting",
            "party",
            "call",
            "lesson",
            "class",
            "rehearsal",
            "interview",
            "exam",
            "check-up",
            "match",
            "concert",
            "delivery",
            "birthday",
            "deadline",
            "trip",
            "recital",
            "dinner",
            "reunion",
            "visit",
            "sale",
            "workshop",
            "wedding",
            "practice",
            "training",
            "quiz",
            "picnic",
            "service",
            "inspection",
        ]
    )
    kind = rng.random()
    if kind < 0.08:
        whose = rng.choice(["parents'", "kids'", "teachers'", "girls'", "neighbours'", "residents'", "members'"])
        other = made_up(rng) + rng.choice(["s'", "'s"])
        return f"{whose if rng.random() < 0.6 else other} {noun}"
    if kind < 0.35:
        first = rng.choice(
            [
                "dentist",
                "doctor's",
                "school",
                "piano",
                "yoga",
                "swimming",
                "football",
                "team",
                "choir",
                "budget",
                "board",
                "hair",
                "eye",
                "parents",
                "book club",
                "chess",
                "dance",
                "car",
                "boiler",
                "band",
                "tennis",
            ]
        )
        return f"{first} {noun}"
    if kind < 0.5:
        return f"{made_up(rng)} {noun}"
    if kind < 0.65:
        return f"{noun} with {person(rng)}"
    if kind < 0.75 and noun not in ("sale", "service"):
        return f"{rng.choice(words.FIRST_NAMES)}'s {noun}"
    return rng.choice(words.THINGS)


def gathering(rng):
    """An event named after a part of the day."""
    whose = rng.choice(
        words.split(
            "parents', teachers', ladies', members', girls', lads', old boys', locals', quiz, bingo, karaoke, games, "
            "date, poker, opera, curry, open mic, trivia, curling, awards, sixth form, cheese and wine, school, choir, film"
        )
    )
    if rng.random() < 0.15:
        whose = made_up(rng)
    if whose in ("cheese and wine", "school", "choir") or whose.endswith("'") and rng.random() < 0.6:
        return f"{whose} evening"
    return f"{whose} {rng.choice(['night', 'night', 'night', 'evening'])}"


def fact(rng):
    """A clause to be reminded of: `I owe Priya ten pounds`."""
    return rng.choice(
        [
            f"I have a {event(rng)}",
            f"{person(rng)} is coming",
            f"{person(rng)} is visiting",
            "it's bin day",
            f"I owe {person(rng)} a {thing(rng)}",
            f"the {thing(rng)} needs doing",
            f"we need {food(rng)}",
            f"there's a {event(rng)}",
            f"{person(rng)} has a {event(rng)}",
            f"it's {person(rng)}'s birthday",
            f"the {thing(rng)} is due",
            f"I promised {person(rng)} a {thing(rng)}",
            f"we have {event(rng)}",
            f"I have {event(rng)}",
            f"there's {event(rng)}",
            f"{person(rng)} needs the {thing(rng)}",
            f"the {thing(rng)} {rng.choice(['arrives', 'gets here', 'comes', 'is closed', 'opens', 'is being fixed'])}",
            f"I said I'd {act(rng)}",
        ]
    )


def food(rng):
    kind = rng.random()
    if kind < 0.5:
        said = rng.choice(words.FOODS)
    elif kind < 0.7:
        said = rng.choice(words.FOOD_SIMPLE)
    elif kind < 0.78:
        said = rng.choice(words.FOODS + words.THINGS + words.LABELS)
    elif kind < 0.88:
        said = any_words(rng)
    else:
        said = made_up(rng) if rng.random() < 0.6 else f"{made_up(rng)} {rng.choice(words.FOOD_SIMPLE)}"
    if rng.random() < 0.3 and not ARTICLE.match(said):
        said = f"{rng.choice(words.CONTAINERS)} {said}"
    return said


def item(rng, todo=False):
    if todo:
        return act(rng)
    return thing(rng) if rng.random() < 0.15 else food(rng)


def joined(parts, rng):
    if len(parts) == 1:
        return parts[0]
    comma = rng.choice([", ", ", ", ", ", " and ", " plus ", " "]) if len(parts) > 2 else ", "
    comma = ", " if comma == " " else comma
    last = rng.choice([" and ", " and ", " and ", ", and ", " & ", " plus ", " and also "])
    return comma.join(parts[:-1]) + last + parts[-1]


def items(rng, todo=False):
    parts = []
    for _ in range(rng.choice([1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4] if not todo else [1, 1, 1, 1, 1, 2])):
        part = item(rng, todo)
        while todo and " and " in part or value_of(part) in [value_of(p) for p in parts]:
            part = item(rng, todo)
        if not todo and rng.random() < 0.08:
            part = "the " + ARTICLE.sub("", part)
        parts.append(part)
    values = [value_of(part) for part in parts]
    if rng.random() < 0.04:
        parts = [cased(part, rng) for part in parts]
    return joined(parts, rng), {"items": values}


def label(rng):
    kind = rng.random()
    if kind < 0.12:
        return any_words(rng)
    if kind < 0.68:
        return rng.choice(words.LABELS)
    if kind < 0.78:
        return rng.choice(words.FOOD_SIMPLE)
    if kind < 0.85:
        return f"{rng.choice(words.FIRST_NAMES)}'s {rng.choice(words.LABELS)}"
    return made_up(rng) if rng.random() < 0.6 else f"{made_up(rng)} {rng.choice(words.LABELS)}"


def titled(text):
    return " ".join(
        w if w in ("of", "and", "in", "on", "the", "for", "to", "a") else capital(w) for w in text.split(" ")
    )


def title(rng):
    kind = rng.random()
    if kind < 0.1:
        return titled(any_words(rng))
    if kind < 0.2:
        return rng.choice(words.ODD_TITLES)
    noun, other = rng.choice(words.TITLE_NOUNS), rng.choice(words.TITLE_NOUNS)
    adjective = rng.choice(words.TITLE_ADJECTIVES)
    said = rng.choice(
        [
            f"{adjective} {noun}",
            f"the {adjective} {noun}",
            f"{noun} of the {other}",
            f"{noun} and {other}",
            f"{noun}",
            f"{adjective} {noun}s",
            f"the {noun} in the {other}",
            f"{rng.choice(words.FIRST_NAMES)}",
            f"songs about {noun}s",
            f"{noun} on the {other}",
            f"dancing in the {noun}",
            f"a {adjective} {noun}",
            f"goodbye {noun}",
            f"hello {noun}",
            f"no more {noun}s",
            f"{noun} {other}",
            f"ten {adjective} {noun}s",
            f"walking to {rng.choice(words.PLACES)}",
            f"{made_up(rng)} {noun}",
            f"{made_up(rng)}",
        ]
    )
    return titled(said) if rng.random() < 0.6 else said


def artist(rng):
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(words.BANDS)
    if kind < 0.55:
        return f"{rng.choice(words.FIRST_NAMES)} {capital(made_up(rng))}"
    if kind < 0.7:
        return f"the {titled(rng.choice(words.TITLE_ADJECTIVES) + ' ' + rng.choice(words.TITLE_NOUNS))}s"
    return f"{capital(made_up(rng))}" if kind < 0.85 else f"The {capital(made_up(rng))}s"


def spelled_oddly(rng):
    """With hyphens, figures, an apostrophe, an ampersand."""
    one, two = (made_up(rng, 1) if rng.random() < 0.5 else any_word(rng) for _ in range(2))
    said = rng.choice(
        [
            f"{one}-{two}",
            f"{one[:2]}-{two[:2]}",
            f"{one}-{two} {rng.choice(words.GENRES)}",
            f"{one} {rng.randint(2, 99)}",
            f"{rng.randint(2, 2030)}",
            f"{rng.randint(2, 99)} {one}s",
            f"{one} & {two}",
            f"{one[0]} and {two[0]}",
            f"{one}'s {two}",
            f"{one}in' {two}",
            f"don't {one} the {two}",
            f"{one}/{two}",
            f"it's {one}",
        ]
    )
    return titled(said) if rng.random() < 0.5 else said


def media(rng):
    kind = rng.random()
    if kind < 0.05:
        return spelled_oddly(rng)
    if kind < 0.12:
        return rng.choice(["", "", "some ", "the "]) + any_words(rng)
    if kind < 0.3:
        return rng.choice(["", "", "", "some ", "some ", "a bit of "]).replace("a bit of ", "") + rng.choice(
            words.GENRES
        )
    if kind < 0.48:
        return artist(rng)
    if kind < 0.66:
        return title(rng)
    if kind < 0.76:
        return f"{title(rng)} by {artist(rng)}"
    if kind < 0.84:
        return rng.choice(words.STATIONS)
    kinds = [
        "podcast",
        "audiobook",
        "album",
        "soundtrack",
        "playlist",
        "song",
        "film",
        "movie",
        "station",
        "mix",
        "show",
    ]
    kind = rng.choice(kinds)
    if rng.random() < 0.25:
        return f"the {kind} {title(rng)}"
    name = rng.choice([title, artist, lambda r: r.choice(words.GENRES)])(rng)
    return f"{rng.choice(['the ', 'the ', 'my ', ''])}{name} {kind}"


def place(rng):
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(words.PLACES)
    name = capital(made_up(rng, 2))
    if kind < 0.72:
        return name + rng.choice(words.PLACE_ENDS)
    return f"{rng.choice(words.PLACE_PARTS)} {name}" if kind < 0.8 else name


def first_name(rng):
    return rng.choice(words.FIRST_NAMES)
