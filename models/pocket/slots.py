"""What slots of the home templates say, and the argument that it means.

A slot is a function of a random.Random that returns (surface, {argument: value}), and a pattern for
guard.py. A value that is a tuple asks for a call each: two rooms, two calls.
"""

import clock_said
import numbers_said
import words
from guard import OPEN, class_pattern, words_pattern
from phrases import (
    act,
    artist,
    capital,
    cased,
    event,
    fact,
    first_name,
    food,
    gathering,
    items,
    label,
    made_up,
    media,
    person,
    place,
    thing,
    title,
    value_of,
)

ROOMS = {
    "kitchen": "kitchen, kitchen, kitchen, kitchen",
    "living room": "living room, living room, lounge, sitting room, front room, livingroom",
    "dining room": "dining room, dining room, dining room, dining area",
    "bedroom": "bedroom, bedroom, bedroom, master bedroom, main bedroom",
    "kids room": "kids room, kids' room, kid's room, children's room, nursery, playroom, childrens room",
    "guest room": "guest room, guest room, spare room, guest bedroom, spare bedroom",
    "bathroom": "bathroom, bathroom, bathroom, toilet, loo, restroom",
    "hallway": "hallway, hallway, hall, corridor, entrance, entrance hall",
    "office": "office, office, office, study, home office",
    "garage": "garage, garage, garage",
    "garden": "garden, garden, yard, backyard, back yard, back garden",
    "basement": "basement, basement, cellar",
    "attic": "attic, attic, loft",
}
ROOM_PAIRS = [(name, room) for room, names in ROOMS.items() for name in words.split(names)]
ROOM_SURFACES = sorted({name for name, _ in ROOM_PAIRS})
ALL_PLACES = [
    "everywhere",
    "in the whole house",
    "in every room",
    "throughout the house",
    "all over the house",
    "in all the rooms",
    "in all rooms",
    "in the entire house",
    "across the house",
    "all round the house",
    "in each room",
    "in every single room",
    "around the house",
    "in the house",
    "all through the house",
]
COLOURS = {
    "red": "red",
    "orange": "orange",
    "yellow": "yellow",
    "green": "green",
    "cyan": "cyan",
    "turquoise": "cyan",
    "blue": "blue",
    "purple": "purple",
    "violet": "purple",
    "pink": "pink",
    "white": "white",
    "warm white": "warm white",
    "cool white": "cool white",
}
APPLIANCES = {
    "tv": "tv, TV, television, telly, tv set, tele",
    "fan": "fan, fan, ceiling fan, fan",
    "kettle": "kettle",
    "coffee machine": "coffee machine, coffee maker, coffee machine, coffeemaker",
    "air purifier": "air purifier, purifier",
    "heating": "heating, heat, radiators, radiator, heating",
    "air conditioning": "air conditioning, AC, aircon, ac, air con, air conditioner, A/C",
}
APPLIANCE_PAIRS = [(name, key) for key, names in APPLIANCES.items() for name in words.split(names)]
DOORS = {
    "front": "front door, front door, front door, main door, front",
    "back": "back door, back door, back door, back",
    "side": "side door",
    "garage": "garage door, garage door",
}
DOOR_PAIRS = [(name, key) for key, names in DOORS.items() for name in words.split(names)]
ALL_LIGHTS = [
    "all the lights",
    "all lights",
    "every light",
    "every lamp",
    "all of the lights",
    "every single light",
    "all the lamps",
    "every light in the house",
    "all lights in the house",
    "each light",
    "every last light",
    "all my lights",
    "all of the lamps",
    "the whole house's lights",
    "each and every light",
    "the lights everywhere",
    "every bulb",
    "the lights in every room",
    "all the lights in the house",
    "the lights in the whole house",
]
ALL_BLINDS = [
    "all the blinds",
    "all blinds",
    "every blind",
    "all the curtains",
    "all curtains",
    "every curtain",
    "all the shades",
    "all of the blinds",
    "all the shutters",
    "every shutter",
    "every single blind",
    "the blinds everywhere",
    "each blind",
    "every curtain in the house",
    "all of the curtains",
    "the curtains in every room",
    "all shades in the house",
]
ALL_DOORS = [
    "all the doors",
    "every door",
    "all doors",
    "all of the doors",
    "each door",
    "every single door",
    "every last door",
    "all our doors",
    "all my doors",
    "the doors, all of them",
    "every one of the doors",
]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
LISTS = [
    ("shopping list", "shopping"),
    ("shopping list", "shopping"),
    ("grocery list", "shopping"),
    ("groceries list", "shopping"),
    ("shopping", "shopping"),
    ("list", "shopping"),
    ("to-do list", "todo"),
    ("to do list", "todo"),
    ("todo list", "todo"),
    ("todo", "todo"),
    ("task list", "todo"),
    ("tasks", "todo"),
    ("list of tasks", "todo"),
    ("list of things to do", "todo"),
]
# ---- slots ----


def pick(pairs, key):
    def fill(rng):
        said, value = rng.choice(pairs)
        return said, {key: value}

    return fill


def article_before(said, rng):
    return said if rng.random() < 0.06 else rng.choice(["the ", "the ", "the ", "the ", "my ", "our "]) + said


DAYS_S = [(f"{capital(name)}'s", name) for name in DAYS] + [
    ("tomorrow's", "tomorrow"),
    ("today's", "today"),
] * 3


def for_day(rng):
    """A day after `the forecast`."""
    kind = rng.random()
    if kind < 0.5:
        name = rng.choice(DAYS)
        return f"for {rng.choice(['', '', 'next ', 'this '])}{capital(name)}", {"day": name}
    said, value = rng.choice(
        [
            ("tomorrow", "tomorrow"),
            ("tomorrow morning", "tomorrow"),
            ("today", "today"),
            ("tonight", "today"),
            ("this afternoon", "today"),
            ("the weekend", "weekend"),
            ("this weekend", "weekend"),
        ]
    )
    return f"for {said}", {"day": value}


def in_room(rng):
    said, room = rng.choice(ROOM_PAIRS)
    return f"{rng.choice(['in', 'in', 'in', 'in', 'for'])} {article_before(said, rng)}", {"room": room}


def two_rooms(rng):
    first, second = rng.sample(list(ROOMS), 2)
    said = [rng.choice(words.split(ROOMS[room])) for room in (first, second)]
    link = rng.choice([" and ", " and the ", " and the ", " and ", " & ", " plus ", " as well as the "])
    chosen = (first, second)
    if rng.random() < 0.2:
        third = rng.choice([room for room in ROOMS if room not in chosen])
        return f"{said[0]}, {said[1]}{link}{rng.choice(words.split(ROOMS[third]))}", {
            "room": (*chosen, third)
        }
    return said[0] + link + said[1], {"room": chosen}


def two_doors(rng):
    first, second = rng.sample(list(DOORS), 2)
    the = rng.choice(["", "the "])
    said = rng.choice([f"{first} and {the}{second} doors", f"{first} door and {the}{second} door"])
    return said, {"door": (first, second)}


SHORT_DAYS = {
    "monday": ["Mon", "mon"],
    "tuesday": ["Tue", "Tues", "tues"],
    "wednesday": ["Wed", "Weds", "weds"],
    "thursday": ["Thu", "Thur", "Thurs", "thurs"],
    "friday": ["Fri", "fri"],
    "saturday": ["Sat", "sat"],
    "sunday": ["Sun"],
}


def day(rng):
    kind = rng.random()
    if kind < 0.01:
        return rng.choice(["tmrw", "tmr", "tomoz", "2morrow", "tomorrow"]), {"day": "tomorrow"}
    if kind < 0.24:
        return "tomorrow", {"day": "tomorrow"}
    if kind < 0.38:
        return "today", {"day": "today"}
    name = rng.choice(DAYS)
    said = capital(name) if rng.random() < 0.6 else name
    if rng.random() < 0.06:
        return rng.choice(["this coming ", "the coming ", "come ", "on this "]) + said, {"day": name}
    if rng.random() < 0.05:
        return f"on {rng.choice(SHORT_DAYS[name])}", {"day": name}
    return rng.choice(["on ", "on ", "on ", "this ", "next ", ""]) + said, {"day": name}


def weather_day(rng):
    kind = rng.random()
    if kind < 0.42:
        return day(rng)
    if kind < 0.6:
        return rng.choice(
            [
                ("this weekend", {"day": "weekend"}),
                ("at the weekend", {"day": "weekend"}),
                ("on the weekend", {"day": "weekend"}),
                ("over the weekend", {"day": "weekend"}),
                ("on Saturday and Sunday", {"day": "weekend"}),
                ("next weekend", {"day": "weekend"}),
            ]
        )
    if kind < 0.85:
        return rng.choice(
            [
                "this morning",
                "this morning",
                "this afternoon",
                "this afternoon",
                "this evening",
                "this evening",
                "tonight",
                "tonight",
                "tonight",
                "tonight",
                "later today",
                "later on today",
                "this lunchtime",
                "this arvo",
                "tonite",
            ]
        ), {"day": "today"}
    part = rng.choice(["morning", "afternoon", "evening", "night"])
    if kind < 0.93:
        return rng.choice(
            [f"tomorrow {part}"] * 7
            + ["first thing tomorrow", "tomorrow lunchtime", "late tomorrow"]
        ), {"day": "tomorrow"}
    name = rng.choice(DAYS)
    return f"{rng.choice(['on ', ''])}{capital(name)} {part}", {"day": name}


REPEATS = [
    ("every day", "every day"),
    ("every morning", "every day"),
    ("daily", "every day"),
    ("each day", "every day"),
    ("on weekdays", "weekdays"),
    ("every weekday", "weekdays"),
    ("on weekends", "weekends"),
    ("Monday to Friday", "weekdays"),
    ("at weekends", "weekends"),
    ("at the weekend", "weekends"),
    ("during the week", "weekdays"),
    ("weekdays", "weekdays"),
    ("on work days", "weekdays"),
    ("for weekdays", "weekdays"),
    ("this weekend", "weekends"),
    ("on Saturday and Sunday", "weekends"),
    ("for the weekend", "weekends"),
    ("for every day", "every day"),
    ("every single day", "every day"),
    ("each and every day", "every day"),
    ("seven days a week", "every day"),
    ("day in day out", "every day"),
    ("each weekday", "weekdays"),
    ("Mon-Fri", "weekdays"),
    ("Mon to Fri", "weekdays"),
    ("Monday through Friday", "weekdays"),
    ("from Monday to Friday", "weekdays"),
    ("on working days", "weekdays"),
    ("every work day", "weekdays"),
    ("on Saturdays and Sundays", "weekends"),
    ("every weekend", "weekends"),
    ("every Saturday and Sunday", "weekends"),
    ("weekends", "weekends"),
    ("on the weekend", "weekends"),
    ("Sat and Sun", "weekends"),
]


def alarm_when(rng, time=None):
    """A clock time with or without a day, in either order."""
    part_days = [
        ("tomorrow morning", "morning", "tomorrow"),
        ("tomorrow afternoon", "afternoon", "tomorrow"),
        ("tomorrow evening", "evening", "tomorrow"),
        ("tonight", "evening", "today"),
        ("this evening", "evening", "today"),
        ("this afternoon", "afternoon", "today"),
        ("this morning", "morning", "today"),
    ]
    name = rng.choice(DAYS)
    part = rng.choice(["morning", "morning", "evening", "afternoon"])
    part_days += [(f"on {capital(name)} {part}", part, name), (f"{capital(name)} {part}", part, name)]
    if time is clock_said.alarm_time:
        part_days += [
            ("tomorrow night", "night", "tomorrow"),
            (f"{capital(name)} night", "night", name),
            rng.choice(
                [
                    ("every evening", "evening", "every day"),
                    ("every night", "night", "every day"),
                    ("every afternoon", "afternoon", "every day"),
                    ("every weekday morning", "morning", "weekdays"),
                    ("on weekday mornings", "morning", "weekdays"),
                    ("on weekend mornings", "morning", "weekends"),
                ]
            ),
        ]
    kind = rng.random()
    if kind < 0.4:
        said, value = time(rng)
        return f"at {said}", {"time": value}
    if kind < 0.62:
        day_said, part, value_day = rng.choice(part_days)
        part = "night" if day_said == "tonight" and rng.random() < 0.5 else part
        said, value = clock_said.in_part(part, rng)
    else:
        said, value = time(rng)
        if kind < 0.78 or time is clock_said.reminder_time:
            day_said, args = day(rng)
            value_day = args["day"]
        else:
            day_said, value_day = rng.choice(REPEATS)
    both = [f"at {said} {day_said}", f"{day_said} at {said}", f"at {said} {day_said}"]
    return rng.choice(both), {"day": value_day, "time": value}


def alarm_at(rng):
    return alarm_when(rng, clock_said.alarm_time)


def alarm_for(rng):
    """Without `at`: after `an alarm for`."""
    said, args = alarm_at(rng)
    return said.replace("at ", "", 1) if said.startswith("at ") else said, args


def reminder_when(rng):
    kind = rng.random()
    if kind < 0.27:
        said, value = numbers_said.span(rng)
        return f"in {said}", {"seconds": value}
    if kind < 0.33:
        said, value = numbers_said.span(rng)
        return f"{said} from now", {"seconds": value}
    if kind < 0.52:
        return reminder_day(rng)
    said, args = alarm_when(rng, clock_said.reminder_time)
    return said, args


def evening_when(rng):
    """When to be reminded of what is named after a part of the day: no bare hour."""
    said, value = evening_time(rng)
    day_said, args = day(rng)
    kind = rng.random()
    if kind < 0.3:
        return day_said, args
    if kind < 0.6:
        return f"at {said} {day_said}", args | {"time": value}
    if kind < 0.75:
        return f"{day_said} at {said}", args | {"time": value}
    if kind < 0.9:
        return f"at {said}", {"time": value}
    said, value = numbers_said.span(rng)
    return f"in {said}", {"seconds": value}


def evening_time(rng):
    """With p.m., from five."""
    while True:
        said, value = clock_said.with_half(rng)
        if value >= "17:00":
            return said, value


def reminder_day(rng):
    said, args = day(rng) if rng.random() < 0.7 else weather_day(rng)
    return (said, args) if args["day"] != "weekend" else ("tomorrow", {"day": "tomorrow"})


def copied(make, key):
    def fill(rng):
        said = make(rng)
        value = value_of(said)
        return cased(said, rng) if rng.random() < 0.04 else said, {key: value}

    return fill


def number_slot(make, key):
    def fill(rng):
        said, value = make(rng)
        return said, {key: value}

    return fill


def temperature_slot(rng):
    said, value, unit = numbers_said.temperature(rng)
    return said, {"temperature": value} | ({"unit": unit} if unit else {})


def list_slot(rng):
    said, value = rng.choice(LISTS)
    return said, {"list": value}


def some(pairs):
    return words_pattern([said for said, _ in pairs])


NUMBERS = class_pattern(
    [
        *numbers_said.NUMBER_WORDS,
        "percent",
        "per",
        "cent",
        "pct",
        "points",
        "point",
        "percentage",
        "full",
        "max",
        "maximum",
        "threequarters",
        "degrees",
        "degree",
        "deg",
        "c",
        "f",
        "celsius",
        "fahrenheit",
        "single",
        "couple",
        "of",
    ]
)
SPANS = class_pattern(numbers_said.SPAN_WORDS)
DAY_WORDS = [
    "on",
    "this",
    "next",
    "tomorrow",
    "today",
    "tonight",
    "morning",
    "afternoon",
    "evening",
    "night",
    *DAYS,
    "at",
    "the",
    "weekend",
    "weekends",
    "over",
    "and",
    "every",
    "day",
    "daily",
    "each",
    "weekday",
    "weekdays",
    "during",
    "week",
    "for",
    "work",
    "days",
    "later",
    "to",
    "tmrw",
    "tmr",
    "tomoz",
    "2morrow",
    "tonite",
    "coming",
    "come",
    "lunchtime",
    "arvo",
    "first",
    "thing",
    "late",
    "seven",
    "a",
    "in",
    "out",
    "through",
    "from",
    "single",
    "working",
    "monfri",
    "mornings",
    *[f"{name}s" for name in DAYS],
    *{short.lower() for names in SHORT_DAYS.values() for short in names},
]
WHEN = class_pattern([*clock_said.TIME_WORDS, *DAY_WORDS, *numbers_said.SPAN_WORDS, "from", "now", "in"])
COLOUR_PAIRS = list(COLOURS.items())
ROOM = words_pattern(ROOM_SURFACES)
ONOFF = [("on", "on"), ("off", "off")]

SLOTS = {
    "room": (pick(ROOM_PAIRS, "room"), ROOM),
    "in_room": (in_room, f"(?:in|for)(?: the| my| our)? {ROOM}"),
    "rooms": (two_rooms, f"{ROOM} (?:{ROOM} )?(?:and |plus |as well as )?(?:the )?{ROOM}"),
    "everywhere": (pick([(said, "all") for said in ALL_PLACES], "room"), words_pattern(ALL_PLACES)),
    "all_lights": (pick([(said, "all") for said in ALL_LIGHTS], "room"), words_pattern(ALL_LIGHTS)),
    "all_blinds": (pick([(said, "all") for said in ALL_BLINDS], "room"), words_pattern(ALL_BLINDS)),
    "onoff": (pick(ONOFF, "state"), "(?:on|off)"),
    "colour": (pick(COLOUR_PAIRS, "colour"), some(COLOUR_PAIRS)),
    "brightness": (number_slot(numbers_said.level, "brightness"), NUMBERS),
    "position": (number_slot(lambda r: numbers_said.level(r, 0), "position"), NUMBERS),
    "level": (number_slot(lambda r: numbers_said.level(r, 0), "level"), NUMBERS),
    "points": (number_slot(numbers_said.points, "points"), NUMBERS),
    "temperature": (temperature_slot, NUMBERS),
    "degrees": (number_slot(numbers_said.degrees, "degrees"), NUMBERS),
    "appliance": (pick(APPLIANCE_PAIRS, "appliance"), some(APPLIANCE_PAIRS)),
    "door": (pick(DOOR_PAIRS, "door"), some(DOOR_PAIRS)),
    "doors": (two_doors, r"\w+ (?:door )?and (?:the )?\w+ doors?"),
    "all_doors": (pick([(said, "all") for said in ALL_DOORS], "door"), words_pattern(ALL_DOORS)),
    "seconds": (number_slot(numbers_said.span, "seconds"), SPANS),
    "seconds_noun": (number_slot(numbers_said.span_before_noun, "seconds"), SPANS),
    "label": (copied(label, "label"), OPEN),
    "alarm_at": (alarm_at, WHEN),
    "alarm_for": (alarm_for, WHEN),
    "alarm_time": (number_slot(clock_said.alarm_time, "time"), WHEN),
    "reminder_time": (number_slot(clock_said.reminder_time, "time"), WHEN),
    "day": (day, WHEN),
    "repeat": (pick(REPEATS, "day"), WHEN),
    "day_s": (pick(DAYS_S, "day"), words_pattern([said for said, _ in DAYS_S])),
    "for_day": (for_day, WHEN),
    "day_name": (pick([(capital(d), d) for d in DAYS], "day"), "(?:" + "|".join(DAYS) + ")"),
    "when": (reminder_when, WHEN),
    "reminder_day": (reminder_day, WHEN),
    "text": (copied(act, "text"), OPEN),
    "event": (copied(event, "text"), OPEN),
    "gathering": (copied(gathering, "text"), OPEN),
    "evening_time": (number_slot(evening_time, "time"), WHEN),
    "evening_when": (evening_when, WHEN),
    "fact": (copied(fact, "text"), OPEN),
    "items": (items, OPEN),
    "todo_items": (lambda r: items(r, True), OPEN),
    "list": (list_slot, some(LISTS)),
    "shopping": (
        pick([p for p in LISTS if p[1] == "shopping"], "list"),
        some([p for p in LISTS if p[1] == "shopping"]),
    ),
    "todo": (pick([p for p in LISTS if p[1] == "todo"], "list"), some([p for p in LISTS if p[1] == "todo"])),
    "media": (copied(media, "what"), OPEN),
    "music": (copied(lambda r: "music", "what"), "music"),
    "radio": (copied(lambda r: "radio", "what"), "radio"),
    "place": (copied(place, "place"), OPEN),
    "weather_day": (weather_day, WHEN),
    "name": (lambda r: (first_name(r), {}), OPEN),
    "person": (lambda r: (person(r), {}), OPEN),
    "thing": (lambda r: (thing(r), {}), OPEN),
    "food": (lambda r: (food(r), {}), OPEN),
    "any_place": (lambda r: (place(r), {}), OPEN),
    "any_title": (lambda r: (title(r), {}), OPEN),
    "any_act": (lambda r: (act(r), {}), OPEN),
    "any_artist": (lambda r: (artist(r), {}), OPEN),
    "any_when": (lambda r: (reminder_when(r)[0], {}), WHEN),
    "number": (lambda r: (numbers_said.say(r.randint(2, 120), r), {}), NUMBERS),
    "word": (lambda r: (made_up(r), {}), OPEN),
}
COPIED = {"label", "text", "event", "gathering", "fact", "items", "todo_items", "media", "music", "radio", "place"}
PATTERNS = {name: pattern for name, (_, pattern) in SLOTS.items()}
