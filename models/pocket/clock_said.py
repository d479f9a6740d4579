"""Clock times as people say them, with or without a part of the day, as 24-hour HH:MM.

tools.json says what a time without a part of the day means: of an alarm 1 to 11 are a.m. and 12 is noon; of
a reminder it is the one between 07:00 and 18:59.
"""

from numbers_said import NUMBER_WORDS, in_words, say

TIME_WORDS = [
    *NUMBER_WORDS,
    "past",
    "to",
    "after",
    "before",
    "till",
    "of",
    "oclock",
    "am",
    "pm",
    "noon",
    "midday",
    "midnight",
    "sharp",
    "on",
    "the",
    "dot",
    "exactly",
    "hours",
    "in",
    "at",
    "morning",
    "afternoon",
    "evening",
    "night",
    "quarter",
    "minutes",
    "hundred",
    "o",
]


def hhmm(hour, minute):
    return f"{hour % 24:02d}:{minute:02d}"


def some_minute(rng):
    kind = rng.random()
    if kind < 0.4:
        return 0
    return (
        rng.choice([15, 30, 30, 45])
        if kind < 0.7
        else 5 * rng.randint(1, 11)
        if kind < 0.92
        else rng.randint(1, 59)
    )


def minute_words(minute, rng):
    if minute < 10:
        return rng.choice(["oh ", "o "]) + in_words(minute)
    return in_words(minute, "-" if rng.random() < 0.4 else " ")


def past_or_to(hour, minute, rng):
    """`ten past six`, `quarter to seven`, `half eight`; hour is of 12."""
    following = hour % 12 + 1
    names = {15: ["quarter", "a quarter", "quarter"], 45: ["quarter", "a quarter", "quarter"]}
    before = minute > 30
    count = 60 - minute if before else minute
    words = rng.choice(names.get(minute, [say(count, rng, 0.8)]))
    if count % 5 and rng.random() < 0.8:
        words += " minutes"
    hour_said = say(following if before else hour, rng, 0.75)
    link = rng.choice(
        ["to", "to", "to", "to", "before", "till"] if before else ["past", "past", "past", "past", "after"]
    )
    if before and minute % 5 == 0 and rng.random() < 0.04:
        link = "of"
    return f"{words} {link} {hour_said}"


def twelve_hour(hour, minute, rng):
    """The words for a time of 12 hours, without its half of the day."""
    if minute == 0:
        said = say(hour, rng, 0.5)
        return said + rng.choice(
            ["", "", "", "", " o'clock", " o'clock", " oclock", " sharp", " on the dot", " exactly"]
        )
    kind = rng.random()
    if kind < 0.45:
        return f"{hour}{rng.choice([':', ':', ':', '.'])}{minute:02d}"
    if kind < 0.6:
        return f"{in_words(hour)} {minute_words(minute, rng)}"
    if minute == 30:
        said = say(hour, rng, 0.8)
        return f"half {said}" if rng.random() < 0.3 else f"half past {said}"
    if minute % 5 == 0 or rng.random() < 0.3:
        return past_or_to(hour, minute, rng)
    if rng.random() < 0.25:
        return f"{hour} {minute:02d}"
    return f"{hour}:{minute:02d}"


def twenty_four_hour(rng):
    """A form that leaves no doubt."""
    if rng.random() < 0.5:
        hour, minute = rng.randint(13, 23), some_minute(rng)
        forms = [
            f"{hour}:{minute:02d}",
            f"{hour}:{minute:02d}",
            f"{hour}.{minute:02d}",
            f"{hour}{minute:02d}",
            f"{hour}h{minute:02d}",
        ]
        if minute >= 10:
            forms.append(f"{in_words(hour)} {in_words(minute)}")
        if minute == 0:
            forms += [f"{in_words(hour)} hundred", f"{hour}00 hours"]
    else:
        hour, minute = rng.randint(0, 9), some_minute(rng)
        forms = [
            f"0{hour}:{minute:02d}",
            f"0{hour}:{minute:02d}",
            f"0{hour}{minute:02d}",
            f"0{hour}.{minute:02d}",
        ]
        if hour:
            forms.append(f"oh {in_words(hour)} {in_words(minute) if minute > 9 else 'hundred'}")
            if 0 < minute < 10:
                forms.pop()
    return rng.choice(forms), hhmm(hour, minute)


def with_half(rng):
    """With a.m. or p.m."""
    hour, minute, pm = rng.randint(1, 12), some_minute(rng), rng.random() < 0.5
    name = "pm" if pm else "am"
    dotted = f"{name[0]}.m."
    value = hhmm(hour % 12 + 12 * pm, minute)
    if minute and rng.random() < 0.15:
        return f"{in_words(hour)} {minute_words(minute, rng)} {rng.choice([name, dotted])}", value
    clock = say(hour, rng, 0.3) if minute == 0 else f"{hour}{rng.choice([':', ':', ':', '.', '.', '', ' '])}{minute:02d}"
    glue = " " if not clock[-1].isdigit() else rng.choice(["", " ", " "])
    return clock + glue + rng.choice([name, name, name.upper(), dotted]), value


PARTS = {  # name: hours of 12 that it may go with, and what to add to them
    "morning": dict.fromkeys(range(1, 12), 0),
    "afternoon": {12: 0, 1: 12, 2: 12, 3: 12, 4: 12, 5: 12},
    "evening": {5: 12, 6: 12, 7: 12, 8: 12, 9: 12, 10: 12},
    "night": {8: 12, 9: 12, 10: 12, 11: 12},
}


def in_part(part, rng):
    """A time within a part of the day; the part is said elsewhere."""
    hour = rng.choice(list(PARTS[part]))
    minute = some_minute(rng)
    if minute > 30 and hour % 12 + 1 not in PARTS[part]:
        minute = 0
    return twelve_hour(hour, minute, rng), hhmm(hour + PARTS[part][hour], minute)


def with_part(rng):
    part = rng.choice(["morning", "morning", "afternoon", "evening", "night"])
    said, value = in_part(part, rng)
    return f"{said} {'at' if part == 'night' else 'in the'} {part}", value


def near_named(rng):
    """A few minutes before or after noon or midnight."""
    name, hour = rng.choice([("noon", 12), ("midday", 12), ("midnight", 0), ("midnight", 0)])
    words, minutes = rng.choice(
        [("half", 30), ("quarter", 15), ("a quarter", 15), ("five", 5), ("ten", 10), ("twenty", 20), ("one minute", 1)]
    )
    if minutes < 30 and rng.random() < 0.5:
        return f"{words} to {name}", hhmm(hour + 23, 60 - minutes)
    return f"{words} past {name}", hhmm(hour, minutes)


def named_time(rng):
    if rng.random() < 0.3:
        return near_named(rng)
    return rng.choice(
        [
            ("noon", "12:00"),
            ("midday", "12:00"),
            ("midnight", "00:00"),
            ("twelve noon", "12:00"),
            ("12 noon", "12:00"),
            ("twelve midnight", "00:00"),
            ("12 midnight", "00:00"),
            ("12 at night", "00:00"),
            ("12 o'clock noon", "12:00"),
        ]
    )


def bare_alarm(hour):
    return hour


def bare_reminder(hour):
    """Of 12 hours to the one between 07:00 and 18:59."""
    return hour if hour >= 7 else hour + 12


def bare_time(rng, of_day):
    """A time of 12 hours that stands alone; of_day says which half is meant."""
    hour, minute = rng.randint(1, 12), some_minute(rng)
    said = twelve_hour(hour, minute, rng)
    return said, hhmm(of_day(hour), minute)


def clock(rng, of_day):
    kind = rng.random()
    if kind < 0.47:
        return bare_time(rng, of_day)
    if kind < 0.72:
        return with_half(rng)
    if kind < 0.83:
        return twenty_four_hour(rng)
    return with_part(rng) if kind < 0.95 else named_time(rng)


def alarm_time(rng):
    return clock(rng, bare_alarm)


def reminder_time(rng):
    return clock(rng, bare_reminder)
