"""From the parts of a sentence to a text as it is typed: capitals, punctuation, slips of the keyboard.

Copied phrases and digits hold no slips: they are what the answer repeats.
"""

import re

NEAR = (
    "qsz vgn xdv sfec wrd dgrv fhtb gjyn uok hkum jlio kop njk bmh ipl ol wa etf adwx rgy yij cfb qes zcs "
    "tuh xas"
)
NEIGHBOURS = dict(zip("abcdefghijklmnopqrstuvwxyz", NEAR.split(" "), strict=True))
COMMON = {
    "the": "teh",
    "tomorrow": "tomorow",
    "please": "plase",
    "weather": "wether",
    "temperature": "temperture",
    "and": "adn",
    "thermostat": "thermastat",
    "degrees": "degress",
    "minutes": "minuets",
    "quarter": "quater",
    "alarm": "alram",
    "living": "livng",
    "kitchen": "kitchin",
    "what": "waht",
    "volume": "volum",
    "lights": "ligths",
    "light": "ligth",
    "remind": "remimd",
    "to": "ot",
    "turn": "trun",
    "bedroom": "bedrom",
    "celsius": "celcius",
    "forty": "fourty",
    "you": "yuo",
    "off": "of",
    "wednesday": "wensday",
    "brightness": "brightnes",
    "heating": "heeting",
    "your": "yor",
    "for": "fro",
    "with": "wiht",
    "tonight": "tonite",
    "received": "recieved",
    "definitely": "definately",
    "curtains": "curtians",
    "reminder": "remider",
    "shopping": "shoping",
    "cancel": "cancle",
    "all": "al",
    "which": "wich",
    "set": "ste",
    "switch": "swtich",
    "raise": "riase",
    "lower": "lowwer",
    "house": "hosue",
    "midnight": "midnigth",
    "midday": "middday",
    "my": "mny",
    "thermostats": "themostats",
    "kettle": "ketle",
    "television": "televison",
    "radiator": "raidator",
    "radiators": "radaitors",
    "purifier": "purifyer",
    "blinds": "bilnds",
    "curtain": "curtian",
    "shutters": "shuters",
    "dining": "dinning",
    "bathroom": "bathrom",
    "hallway": "halway",
    "garage": "garrage",
    "garden": "gardne",
    "office": "ofice",
    "cellar": "celler",
    "basement": "basment",
    "nursery": "nursary",
    "corridor": "coridor",
    "brighter": "brigther",
    "dimmer": "dimer",
    "quieter": "quiter",
    "warmer": "wamer",
    "cooler": "coller",
    "timer": "tiemr",
    "start": "satrt",
    "delete": "delte",
    "remove": "remvoe",
    "unlock": "unlcok",
    "close": "colse",
    "open": "opne",
    "pause": "puase",
    "play": "paly",
    "song": "sogn",
    "show": "hsow",
    "list": "lsit",
    "add": "ad",
    "wake": "waek",
    "hours": "horus",
    "hour": "huor",
    "half": "hlaf",
    "percent": "precent",
    "sunday": "sundya",
    "thursday": "thrusday",
    "tuesday": "teusday",
    "saturday": "saterday",
    "fahrenheit": "farenheit",
    "purple": "purpel",
    "yellow": "yelow",
    "green": "gren",
}
WORD = re.compile(r"[A-Za-z]+")


class Slips:
    def __init__(self, rng, share):
        """share: of the texts that hold slips."""
        self.rng, self.share = rng, share

    def slip(self, word):
        rng = self.rng
        if word.lower() in COMMON and rng.random() < 0.4:
            return COMMON[word.lower()]
        if len(word) < 3 or word.lower() in ("off", "not", "don", "and") and rng.random() < 0.8:
            return word
        i = rng.randrange(1, len(word)) if rng.random() < 0.85 else 0
        kind = rng.random()
        if kind < 0.3:
            return word[:i] + word[i + 1 :]
        if kind < 0.58 and i + 1 < len(word):
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        if kind < 0.75:
            return word[:i] + word[i] + word[i:]
        near = rng.choice(NEIGHBOURS.get(word[i].lower(), word[i]))
        return word[:i] + near + word[i + 1 :] if kind < 0.9 else word[:i] + near + word[i:]

    def with_slips(self, parts):
        """One word, sometimes more, of what is not copied."""
        rng = self.rng
        places = [
            (p, m.span())
            for p, (text, copied) in enumerate(parts)
            if not copied
            for m in WORD.finditer(text)
            if len(m.group()) > 2 or m.group().lower() in COMMON
            # Long words are the ones that go wrong.
            for _ in range(1 + (len(m.group()) > 4))
        ]
        chosen = {}
        for _ in range(rng.choice([1, 1, 1, 1, 2, 2, 3])):
            if places:
                p, span = rng.choice(places)
                chosen.setdefault(p, set()).add(span)
        out = []
        for p, (text, copied) in enumerate(parts):
            for start, end in sorted(chosen.get(p, ()), reverse=True):
                text = text[:start] + self.slip(text[start:end]) + text[end:]
            out.append((text, copied))
        return out

    def finish(self, parts):
        rng = self.rng
        if rng.random() < self.share:
            parts = self.with_slips(parts)
        case = rng.random()
        if case < 0.45:
            parts = [
                (text if copied and rng.random() < 0.3 else text.lower(), copied)
                for text, copied in parts
            ]
        if rng.random() < 0.3:
            parts = [(text if copied else text.replace("'", ""), copied) for text, copied in parts]
        text = re.sub(r"\s+", " ", "".join(text for text, _ in parts)).strip()
        text = re.sub(r" ([,.!?;:])", r"\1", text)
        if case < 0.45 and rng.random() < 0.5:
            return text if rng.random() < 0.6 else self.end(text)
        if case >= 0.45:
            text = re.sub(r"(^|[.!?] )([a-z])", lambda m: m.group(1) + m.group(2).upper(), text)
        return self.end(text)

    def end(self, text):
        rng = self.rng
        question = re.match(
            r"(?i)(what|how|is|are|can|could|would|will|do|does|did|when|where|who|why|which|should)\b", text
        )
        if question and rng.random() < 0.5:
            return text + "?"
        kind = rng.random()
        return text + ("." if kind < 0.3 else "!" if kind < 0.35 else "")
