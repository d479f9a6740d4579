"""Numbers, spans of time, clock times and temperatures as people say them, each with its value.

Every function takes a random.Random and returns (surface, value).
"""

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split(" ")
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

NUMBER_WORDS = [
    *ONES,
    *TENS[2:],
    "hundred",
    "a",
    "an",
    "and",
    "half",
    "quarter",
    "quarters",
    "third",
    "point",
    "oh",
]
NUMBER_WORDS += ["about", "around", "exactly", "roughly", "another", "further", "good"]
NUMBER_WORDS += [f"{tens}{one}" for tens in TENS[2:] for one in ONES[1:10]]


def in_words(number, hyphen="-"):
    """0 to 999."""
    if number >= 100:
        rest = number % 100
        return f"{ONES[number // 100]} hundred" + (f" and {in_words(rest, hyphen)}" if rest else "")
    if number < 20:
        return ONES[number]
    return TENS[number // 10] + (hyphen + ONES[number % 10] if number % 10 else "")


def say(number, rng, words=0.45):
    """In digits or in words."""
    if rng.random() >= words or number > 120:
        return str(number)
    return in_words(number, "-" if rng.random() < 0.5 else " ")


# ---- percentages ----


def some_percent(rng, least=1):
    kind = rng.random()
    if kind < 0.45:
        return max(least, 5 * rng.randint(0, 20))
    if kind < 0.6:
        return 10 * rng.randint(1, 10)
    return rng.randint(max(least, 1), 100)


def percent_sign(rng):
    return rng.choice(["", "", "", "%", "%", " percent", " percent", " per cent", " %", " pct"])


def percent(rng, least=1):
    value = some_percent(rng, least)
    if value == 100 and rng.random() < 0.5:
        return rng.choice(["a hundred", "one hundred", "a hundred percent", "one hundred per cent"]), 100
    said = rng.choice(["about ", "around ", "exactly ", "roughly "] if rng.random() < 0.03 else [""]) + say(
        value, rng
    )
    sign = percent_sign(rng)
    if not said[-1].isdigit() and "%" in sign:
        sign = " percent"
    return said + sign, value


LEVELS = [
    ("full", 100),
    ("maximum", 100),
    ("max", 100),
    ("half", 50),
    ("a half", 50),
    ("a quarter", 25),
    ("three quarters", 75),
    ("three-quarters", 75),
    ("one quarter", 25),
]


def level(rng, least=1):
    """A percentage, or a fraction of it all."""
    return rng.choice(LEVELS) if rng.random() < 0.16 else percent(rng, least)


def points(rng):
    value = rng.choice([5, 10, 10, 15, 20, 20, 25, 30, 35, 40, 50, rng.randint(1, 60)])
    before = rng.choice(["another ", "a further ", "a good ", "about "] if rng.random() < 0.06 else [""])
    return before + say(value, rng) + rng.choice(
        ["", "", "%", " percent", " percent", " per cent", " points", " percentage points"]
    ).replace("%", " percent" if rng.random() < 0.3 else "%"), value


# ---- temperatures ----


def number_or_integer(value):
    return int(value) if value == int(value) else value


def degrees_said(value, rng):
    whole = int(value)
    if value == whole:
        return say(whole, rng)
    if value - whole == 0.5 and rng.random() < 0.45:
        return f"{say(whole, rng)} and a half"
    if rng.random() < 0.25:
        return f"{in_words(whole)} point {ONES[round(10 * (value - whole))]}"
    return f"{value}"


def temperature(rng):
    """(surface, value, unit or None)"""
    fahrenheit = rng.random() < 0.25
    value = rng.randint(50, 86) if fahrenheit else rng.randint(8, 30)
    kind = rng.random()
    if not fahrenheit and kind < 0.15:
        value += 0.5
    elif kind < 0.19:
        value = round(value + rng.randint(1, 9) / 10, 1)
    said = degrees_said(value, rng)
    unit = None
    tail = rng.choice(["", "", " degrees", " degrees", "°", " deg"])
    if rng.random() < 0.3:
        unit = "fahrenheit" if fahrenheit else "celsius"
        initial = unit[0].upper() if rng.random() < 0.7 else unit[0]
        name = unit.capitalize() if rng.random() < 0.3 else unit
        tail = rng.choice(
            [
                " degrees " + name,
                " " + name,
                f" {name} degrees",
                " degrees " + initial,
                "°" + initial,
                " " + initial,
                initial if said[-1].isdigit() else " " + initial,
            ]
        )
    if "°" in tail and not said[-1].isdigit():
        tail = tail.replace("°", " degrees ").rstrip()
    return said + tail, number_or_integer(value), unit


def degrees(rng):
    """By how many degrees."""
    value = rng.choice([1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 0.5, 1.5, 2.5, rng.randint(1, 20)])
    if value == 0.5:
        return rng.choice(["half a degree", "0.5 degrees", "a half degree", "half a degree celsius"]), 0.5
    if value == 1 and rng.random() < 0.6:
        return rng.choice(["a degree", "one degree", "1 degree", "a single degree"]), 1
    if value == 2 and rng.random() < 0.15:
        return rng.choice(["a couple of degrees", "a couple degrees"]), 2
    if value == 1.5 and rng.random() < 0.5:
        return rng.choice(["a degree and a half", "one and a half degrees", "1.5 degrees"]), 1.5
    return degrees_said(value, rng) + rng.choice(
        [" degrees", " degrees", " degrees", " deg"]
    ), number_or_integer(value)


# ---- spans of time ----

UNITS = {
    1: (["seconds", "seconds", "secs", "sec", "seconds", "seconds", "s"], "second"),
    60: (["minutes", "minutes", "mins", "min", "minutes", "minutes", "m"], "minute"),
    3600: (["hours", "hours", "hrs", "hr", "hours", "hours", "h"], "hour"),
}

FIXED_SPANS = [
    ("half an hour", 1800),
    ("half an hour", 1800),
    ("a half hour", 1800),
    ("half hour", 1800),
    ("quarter of an hour", 900),
    ("a quarter of an hour", 900),
    ("a quarter hour", 900),
    ("three quarters of an hour", 2700),
    ("an hour", 3600),
    ("one hour", 3600),
    ("a minute", 60),
    ("one minute", 60),
    ("an hour and a half", 5400),
    ("a minute and a half", 90),
    ("one and a half hours", 5400),
    ("hour and a half", 5400),
    ("a couple of minutes", 120),
    ("a couple minutes", 120),
    ("a couple of hours", 7200),
    ("half a minute", 30),
    ("an hour and a quarter", 4500),
    ("an hour and fifteen minutes", 4500),
    ("an hour and twenty minutes", 4800),
    ("an hour and ten minutes", 4200),
    ("an hour and three quarters", 6300),
    ("two and a quarter hours", 8100),
    ("a full hour", 3600),
    ("one and a half minutes", 90),
    ("a couple of seconds", 2),
    ("a day", 86400),
    ("an hour and five minutes", 3900),
    ("an hour forty", 6000),
    ("an hour twenty", 4800),
    ("one hour ten", 4200),
    ("an hour and thirty minutes", 5400),
    ("an hour thirty", 5400),
    ("an hour ten", 4200),
    ("an hour fifteen", 4500),
    ("an hour and forty-five minutes", 6300),
    ("an hour and a half", 5400),
    ("a minute fifteen", 75),
    ("a minute thirty", 90),
    ("a minute and twenty seconds", 80),
    ("a couple of mins", 120),
    ("couple of minutes", 120),
    ("a couple hours", 7200),
    ("a dozen minutes", 720),
    ("half a day", 43200),
    ("twenty-four hours", 86400),
    ("quarter of a minute", 15),
    ("1/2 an hour", 1800),
    ("1/2 hour", 1800),
    ("1/4 hour", 900),
    ("3/4 of an hour", 2700),
    ("1 1/2 hours", 5400),
    ("two and three quarter hours", 9900),
    ("three and a quarter hours", 11700),
    ("a whole hour", 3600),
    ("a good half hour", 1800),
    ("sixty seconds exactly", 60),
]
SPAN_WORDS = [*NUMBER_WORDS, "of", "couple", "full", "day", "dozen", "whole", "solid"]
SPAN_WORDS += [word for plural, single in UNITS.values() for word in [*plural, single]]


def with_unit(number, unit, rng):
    plural, single = UNITS[unit]
    if number == 1:
        if rng.random() < 0.25:
            return f"1{rng.choice([' ', ' ', ''])}{rng.choice([plural[3], plural[3], plural[-1]])}"
        return f"{rng.choice(['1', 'one', 'one', 'a' if unit < 3600 else 'an'])} {single}"
    said = say(number, rng, 0.4)
    name = rng.choice(plural if said.isdigit() else plural[:-1])
    glue = "" if said.isdigit() and rng.random() < (0.6 if len(name) == 1 else 0.08) else " "
    return said + glue + name


def some_minutes(rng):
    kind = rng.random()
    if kind < 0.5:
        return rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 90])
    return rng.randint(1, 60) if kind < 0.93 else rng.randint(61, 180)


def hundreds(rng):
    """A span of more than a hundred of its units."""
    unit = rng.choice([1, 1, 1, 60])
    number = rng.choice([110, 120, 120, 130, 150, 150, 180, 180, 200, 210, 240, 300, 300, 360, 400, 450, 480, 500])
    number = rng.randint(101, 600) if rng.random() < 0.4 else number
    if rng.random() < 0.3:
        said = str(number)
    else:
        said = in_words(number, "-" if rng.random() < 0.5 else " ")
        said = said.replace(" and ", " ") if rng.random() < 0.15 else said
        said = "a" + said[3:] if number < 200 and rng.random() < 0.6 else said
    return f"{said} {rng.choice(UNITS[unit][0][:2])}", number * unit


def simple_span(rng):
    kind = rng.random()
    if kind < 0.05:
        return hundreds(rng)
    if kind < 0.7:
        number, unit = some_minutes(rng), 60
    elif kind < 0.85:
        number, unit = rng.choice([5, 10, 15, 20, 25, 30, 40, 45, 50, 60, 75, 90, rng.randint(2, 120)]), 1
    else:
        number, unit = rng.choice([1, 2, 2, 3, 4, 5, 6, 8, 10, 12, rng.randint(2, 23)]), 3600
    return with_unit(number, unit, rng), number * unit


def and_a_half(rng):
    unit = rng.choice([60, 60, 60, 3600])
    number = rng.randint(1, 20 if unit == 60 else 8)
    said = say(number, rng, 0.75)
    plural = rng.choice(UNITS[unit][0][:3])
    value = number * unit + unit // 2
    if said.isdigit() and rng.random() < 0.5:
        return f"{said}.5 {plural}", value
    return rng.choice([f"{said} and a half {plural}", f"{said} and a half {plural}"]), value


def compound_span(rng):
    """Hours and minutes, or minutes and seconds."""
    unit = rng.choice([3600, 60])
    number = rng.randint(1, 5 if unit == 3600 else 15)
    small = rng.choice([5, 10, 15, 15, 20, 25, 30, 30, 40, 45, 50, rng.randint(1, 59)])
    value = number * unit + small * (unit // 60)
    large_said = with_unit(number, unit, rng)
    if rng.random() < 0.2:
        return f"{large_said} {say(small, rng, 0.5)}", value
    small_said = with_unit(small, unit // 60, rng)
    if rng.random() < 0.08:
        return f"{number}{'hm'[unit == 60]}{small:02d}{rng.choice(['', 'ms'[unit == 60]])}", value
    return large_said + rng.choice([" ", " and ", " and ", ", "]) + small_said, value


def span(rng):
    said, value = plain_span(rng)
    if rng.random() < 0.03 and said[0].isdigit() and " " in said:
        said = rng.choice(["exactly ", "a good ", "a full ", "a solid "]) + said
    return said, value


def plain_span(rng):
    kind = rng.random()
    if kind < 0.54:
        return simple_span(rng)
    if kind < 0.68:
        return rng.choice(FIXED_SPANS)
    return and_a_half(rng) if kind < 0.76 else compound_span(rng)


def span_before_noun(rng):
    """As in `a 10 minute timer`."""
    kind = rng.random()
    if kind < 0.08:
        return rng.choice([("half hour", 1800), ("half-hour", 1800), ("one-hour", 3600), ("hour-long", 3600)])
    if kind < 0.8:
        number, unit = some_minutes(rng), 60
    else:
        number, unit = rng.choice(
            [(30, 1), (45, 1), (20, 1), (90, 1), (2, 3600), (3, 3600), (rng.randint(1, 12), 3600)]
        )
    name = UNITS[unit][1] if rng.random() < 0.8 else rng.choice(UNITS[unit][0][2:4])
    return say(number, rng, 0.45) + rng.choice([" ", " ", "-"]) + name, number * unit
