"""Short stories in simple English, each about one character with an object, and a friend.

    stories = Stories(seed=1)
    stories.sample()                 # text
    stories.sample_with_cast()       # text and who is in it

What holds in every story, so that it can be checked in a model's (story_facts.py): a character has one
name, one kind and one pronoun; a sentence's pronouns are the hero's unless the friend is named just before;
the object keeps its adjective; nobody else has a name.
"""

import dataclasses
import random

from grammar import choose, read_story_templates
from words import split

GIRLS = split("""
    Ada, Alma, Amelia, Anya, Aria, Bella, Betty, Bonnie, Cara, Cleo, Daisy, Dalia, Della, Dottie, Edith,
    Elsa, Emmy, Etta, Flora, Freya, Gerda, Greta, Hattie, Hazel, Hilda, Ina, Ivy, Jada, Josie, Juno, Kaya,
    Kira, Lena, Lily, Lottie, Lulu, Mabel, Marla, Mila, Mimi, Minnie, Mira, Nell, Nella, Nettie, Nika,
    Olive, Opal, Orla, Pearl, Petra, Pippa, Poppy, Rhea, Romy, Rosie, Sadie, Selma, Sunny, Suri, Susie,
    Tess, Thea, Tilda, Tilly, Trudy, Una, Vida, Viola, Wilma, Winnie, Zelda, Zina
""")
BOYS = split("""
    Albie, Alfie, Amos, Anton, Archie, Arlo, Barney, Basil, Benny, Bert, Billy, Boris, Casper, Cosmo,
    Cyril, Dexter, Dudley, Edgar, Elmer, Emil, Enzo, Ernie, Ezra, Fergus, Finn, Floyd, Freddie, Gilbert,
    Gino, Gordon, Gustav, Harvey, Henrik, Herbert, Hugo, Igor, Jasper, Jonah, Jules, Karim, Kasper, Kofi,
    Lars, Lenny, Linus, Louie, Ludo, Magnus, Manny, Mateo, Mauro, Mickey, Milo, Monty, Murray, Ned, Nico,
    Nils, Olaf, Ollie, Orson, Oswald, Percy, Pip, Quentin, Ralph, Remy, Rocco, Rolf, Rory, Rufus, Rusty,
    Samir, Sasha, Silas, Sven, Tarik, Teddy, Tobias, Ulf, Vito, Waldo, Wally, Walter, Wilbur, Ziggy
""")
KINDS = split("""
    fox, rabbit, bear, mouse, owl, hedgehog, squirrel, badger, frog, duck, goose, goat, lamb, pony,
    kitten, puppy, otter, beaver, turtle, mole, deer, wolf, hen, robin, sparrow, penguin, seal, donkey,
    cow, elephant, lion, tiger, monkey, panda, koala, snail, bee, ladybird, beetle, crab, whale, dragon,
    fairy, robot, giant, girl, boy, swan, camel, raccoon, parrot, bat, lizard, piglet, calf
""")
THINGS = split("""
    kite, ball, drum, boat, hat, scarf, bell, lantern, flute, basket, wagon, puppet, doll, balloon,
    umbrella, bucket, marble, whistle, blanket, book, box, cup, feather, mirror, necklace, paintbrush,
    pillow, ring, shell, spoon, stone, sled, top, trumpet, violin, watch, button, crown, map, compass,
    teapot, coin, toy train, toy boat, music box, skipping rope, teddy bear, rocking horse, kettle,
    spinning top, paper plane, bow, cape, candle, key, jar, mitten, ribbon, globe, bracelet
""")
LOOKS = split("""
    red, blue, green, yellow, golden, silver, purple, pink, white, brown, striped, spotted, shiny, wooden,
    tiny, old, big, round, magic, woollen, soft, bright, glass, painted, orange, grey
""")
HOMES = split("""
    in a small house by the sea, on a hill, in the forest, at the edge of the wood, near a big lake, in a
    little village, on a farm, in a hollow tree, under an old bridge, in a tall tower, by the river, in a
    quiet valley, in a blue cottage, behind the mill, in a warm burrow, on a green island, at the foot of
    a mountain, in a cave, beside a pond, in a busy town, in a windmill, at the end of a long road, near
    the beach, in a garden full of roses, on a boat, in a snowy land, in the old castle
""")
PLACES = split("""
    the park, the river, the beach, the forest, the meadow, the market, the lake, the hill, the old mill,
    the village, the playground, the garden, the orchard, the harbour, the waterfall, the big field, the
    pond, the town square, the mountain, the bridge, the valley, the wheat field, the lighthouse, the
    apple trees, the stone wall, the stream, the cave, the green hill, the fair, the barn
""")
HERO_HELPS = {"share", "baby", "night", "gift"}  # plots where the friend has reason to thank
PRONOUNS = {"she": ("she", "her", "her"), "he": ("he", "his", "him")}


@dataclasses.dataclass
class Cast:
    hero: str
    kind: str
    pronoun: str
    friend: str
    friend_kind: str
    friend_pronoun: str
    look: str
    thing: str


def person(rng):
    pronoun = rng.choice(["she", "he"])
    kind = rng.choice(KINDS)
    if kind in ("girl", "boy"):
        kind = "girl" if pronoun == "she" else "boy"
    return rng.choice(GIRLS if pronoun == "she" else BOYS), kind, pronoun


def some_cast(rng):
    hero, kind, pronoun = person(rng)
    friend, friend_kind, friend_pronoun = person(rng)
    while friend == hero or friend_kind == kind:
        friend, friend_kind, friend_pronoun = person(rng)
    return Cast(
        hero, kind, pronoun, friend, friend_kind, friend_pronoun, rng.choice(LOOKS), rng.choice(THINGS)
    )


def filled(flat, cast, home, place):
    he, his, him = PRONOUNS[cast.pronoun]
    _, fhis, fhim = PRONOUNS[cast.friend_pronoun]
    values = {
        "H": cast.hero,
        "F": cast.friend,
        "kind": cast.kind,
        "fkind": cast.friend_kind,
        "he": he,
        "his": his,
        "him": him,
        "He": he.capitalize(),
        "His": his.capitalize(),
        "fhis": fhis,
        "fhim": fhim,
        "O": f"{cast.look} {cast.thing}",
        "o": cast.thing,
        "home": home,
        "place": place,
    }
    for name, value in values.items():
        flat = flat.replace("{" + name + "}", value)
    return flat


def with_right_articles(text):
    """`a owl` to `an owl`."""
    words = text.split(" ")
    for i, word in enumerate(words[:-1]):
        if (
            word in ("a", "A", '"A')
            and words[i + 1][:1].lower() in "aeiou"
            and not words[i + 1].startswith("one")
        ):
            words[i] = word + "n"
    return " ".join(words)


class Stories:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.macros, self.parts, self.plots = read_story_templates()

    def sentences(self, plot):
        """Flat templates in order."""
        thanks = self.parts["thanks2" if plot in HERO_HELPS else "thanks"]
        steps = [
            self.parts["start"],
            self.parts["object"],
            self.parts["morning"],
            *self.plots[plot],
            thanks,
            self.parts["end"],
        ]
        if self.rng.random() < 0.3:
            steps.append(self.parts["end"])
        if plot == "night" and self.rng.random() < 0.5:
            del steps[2]
        used = set()
        for step in steps:
            if step == ["@friend"]:
                step = self.parts["friend"]
            template = self.rng.choice([t for t in step if t not in used])
            used.add(template)
            yield choose(template, self.macros, self.rng)

    def sample_with_cast(self):
        rng = self.rng
        cast = some_cast(rng)
        home, place = rng.choice(HOMES), rng.choice(PLACES)
        flats = list(self.sentences(rng.choice(list(self.plots))))
        text = with_right_articles(filled(" ".join(flats), cast, home, place))
        return text, cast

    def sample(self):
        return self.sample_with_cast()[0]
