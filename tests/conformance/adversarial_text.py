"""Texts that tokenizers get wrong, for the scripts here that make vectors; a seed gives the same ones."""
import random

PIECES = (
    "Hello|world|I'll|DON'T|we've|'s|'\u017f|\u017ft|\u2019s|na\u00efve|Stra\u00dfe|\ufb01ne|123|4567"
    "|\uff11\uff12\uff13|\u00bd\u00b2|\u2167|\u0663\u0664\u0665|\u0967\u0968|x\u00b2|\u4e2d\u6587\u5b57"
    "|\u3053\u3093\u306b\u3061\u306f|\u30ab\u30bf\u30ab\u30ca|\ud55c\uad6d\uc5b4|\u0e44\u0e17\u0e22"
    "|\u0939\u093f\u0928\u094d\u0926\u0940|\u0d9a\u0dca\u200d\u0dc2|e\u0301|A\u030a\u0327|\u0301x"
    "|\u00aa\u00ba|\u02b0\u02b2|\u01c5\u01c8|\u0391\u0392\u0393\u03b4|\u0401\u043b\u043a\u0430|\u0130i"
    "|\u200d|\u200b|\ufeff|\u00ad|\U0001f469\u200d\U0001f469\u200d\U0001f467|\U0001f1e9\U0001f1ea"
    "|\u2764\ufe0f|\u2603|\u00ab\u00bb|\u2014\u2013|\u2026|\u00bf\u00a1|$\u20ac\u00a3|a_b"
    "|foo(bar)[0]->x;|http://x.y/z?q=1&r=%20|</s>|<s>|<|endoftext|>|<unk>|<0x41>|\u2581|\u2581\u2581a"
    "|\u0120|\u0120\u010a|'''|''s|/*|*/|//|/\n/|\\n|{}|\t|\t\t|\n|\n\n|\r\n|\r|\n\n\n|\u2028|\u2029"
    "|\u0085|\x0b|\x0c|\u00a0|\u3000|\u2003|\u1680|\u180e|\u202f|\u205f| |  |   |        |\x00|\x01|\x7f"
    "|\ue000|\U000e0041|\U0010ffff|\u0378|\U0001d400\U0001d41b|\U00010400\U00010428|\ua66e"
    "|\U0001e900\U0001e922|\u13e3\u13b3|\uab70|\u10d0|\u1c90|\u2170|\u24d0|\u3007|\u4e00|\u32c0|\ufdfd"
    "|\uff21\uff42\uff43"
).split("|")
RANGES = [(0x20, 0x250), (0x250, 0x3000), (0x3000, 0xD7FF), (0x1F000, 0x1FAFF), (0x10000, 0x11000)]


PLANES = [(0x80, 0xD800), (0xE000, 0x10000), (0x10000, 0x20000), (0x20000, 0x30000), (0xE0000, 0x110000)]


def texts(n, seed, most_pieces=12, planes=False):
    """With planes, also characters of any plane."""
    ranges = RANGES + PLANES if planes else RANGES
    rng = random.Random(seed)
    result = ["", "'", "''", " ", "a", "\n", "'S 'T 'RE 'VE 'M 'LL 'D 's 't 're 've 'm 'll 'd"]
    result += [" \n ", "a \n  "]
    while len(result) < n:
        text = ""
        for _ in range(rng.randint(1, most_pieces)):
            kind = rng.random()
            if kind < 0.75:
                text += rng.choice(PIECES)
            elif kind < 0.85:
                text += chr(rng.randrange(*rng.choice(ranges)))
            else:
                text += rng.choice(" \naA1'.")
            if rng.random() < 0.3:
                text += " "
        result.append(text)
    return result
