#!/usr/bin/env python3
"""Makes score_vectors.h: 200 answers with right ones, and what sacrebleu, rouge-score and SQuAD's evaluation
say of them. Run by hand; the test only reads the header. In a virtual environment:

    pip install sacrebleu==2.6.0 rouge-score==0.1.2
    python tests/unit/measure/make_score_vectors.py >tests/unit/measure/score_vectors.h

SQuAD's normalization and F1 are those of its evaluate-v2.0.py. A capital sigma that ends a word is left out:
Python alone makes a final one of it.
"""

import collections
import random
import re
import string

import sacrebleu
from rouge_score import rouge_scorer

WORDS = """the a an cat sat on mat quick brown fox jumps over lazy dog in of and to is was it Paris London
river Seine 1912 3.14 1,234 10-12 state-of-the-art U.S. e.g. don't it's 50% $9.99 C++ naïve café
Zürich
Straße ΑΒΓ Москва 東京 日本語 الكتاب 🙂 ﬁne ① Ⅷ x² İstanbul K Ǆ "quoted" (brackets) [sic] {set}
a/b you@home #tag & &amp; &quot;so&quot; &lt;b&gt; <skipped> end. end, yes! no? wait; list: -dash dash-
-- ... 'single' `tick`
The AN A the—cat “the” ‘a’ an's theory another can _under_ x=y 2-3 5.-6 7,8. 9.a""".split()
BLANKS = [" "] * 12 + ["  ", "\n", "\t", "-\n", "\u00a0", "\u3000", "\u2003", "\x1f", "\u200b"]


def text_of(rng, n):
    return "".join(rng.choice(WORDS) + rng.choice(BLANKS) for _ in range(n)).strip(" ") if n else ""


def changed(rng, text):
    """The text with some words dropped, doubled, swapped or replaced."""
    words = text.split(" ")
    for _ in range(rng.randrange(0, 1 + len(words) // 2)):
        at = rng.randrange(len(words))
        kind = rng.randrange(4)
        if kind == 0 and len(words) > 1:
            del words[at]
        elif kind == 1:
            words.insert(at, words[at])
        elif kind == 2:
            other = rng.randrange(len(words))
            words[at], words[other] = words[other], words[at]
        else:
            words[at] = rng.choice(WORDS)
    return " ".join(words)


BY_HAND = [
    ("", [""]),
    ("", ["something"]),
    ("something", [""]),
    ("The", ["a"]),
    ("the cat", ["cat"]),
    (" ", ["\n"]),
    ("Paris.", ["paris"]),
    ("in Paris, France", ["Paris", "Paris, France"]),
    ("yes", ["no"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("It is a guide to action which ensures that the military always obeys the commands of the party",
     ["It is a guide to action that ensures that the military will forever heed Party commands",
      "It is the guiding principle which guarantees the military forces always being under the "
      "command of the Party",
      "It is the practical guide for the army always to heed the directions of the party"]),
    ("police kill the gunman", ["police killed the gunman"]),
    ("the gunman kill police", ["police killed the gunman"]),
    ("a b c d e f g", ["g f e d c b a"]),
    ("...", ["..."]),
    ("1.5", ["1.5"]),
    ("1. 5", ["1.5"]),
    ("end .", ["end."]),
    ("Hello, world!", ["Hello , world !"]),
    ("&quot;A&quot; &amp;lt; b", ["\"A\" < b"]),
    ("so-\ncalled", ["socalled"]),
    ("2-3", ["2 -3"]),
    ("the—cat", ["—cat"]),
    ("an's", ["s"]),
    ("İ", ["i̇"]),
    ("\u212a", ["k"]),
    ("ß", ["SS"]),
    ("naïve", ["naive"]),
    ("x²", ["x"]),
    ("a²", ["²"]),
    ("word " * 700, ["word " * 699 + "end"]),
    ("a ", ["the an a"]),
    ("ends in blanks \u3000\n", ["ends in blanks"]),
    ("tab\tseparated", ["tab separated"]),
]


def pairs():
    rng = random.Random(20)
    rows = list(BY_HAND)
    while len(rows) < 199:
        n = rng.choice([1, 2, 3, 5, 8, 13, 21, 34])
        right = [text_of(rng, n) for _ in range(rng.choice([1, 1, 1, 2, 3, 4]))]
        rows.append((changed(rng, rng.choice(right)) if rng.random() < 0.9 else text_of(rng, n), right))
    long = text_of(rng, 600)
    return rows + [(changed(rng, long), [long])]


def normalized(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_f1(answer, right):
    a, r = normalized(answer).split(), normalized(right).split()
    if not a or not r:
        return float(a == r)
    shared = sum((collections.Counter(a) & collections.Counter(r)).values())
    return 2 * (shared / len(a)) * (shared / len(r)) / (shared / len(a) + shared / len(r)) if shared else 0.0


def bleu(rows):
    width = max(len(right) for _, right in rows)
    references = [[right[k] if k < len(right) else None for _, right in rows] for k in range(width)]
    return sacrebleu.corpus_bleu([answer for answer, _ in rows], references).score


def literal(text):
    out = ""
    for byte in text.encode():
        plain = 32 <= byte < 127 and byte not in b'"\\?'
        out += chr(byte) if plain else f"\\{byte:03o}"
    return f'"{out}"'


def digits(x):
    return f"{x:.17g}"


def main():
    rows = pairs()
    rouge = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
    print("/* score_vectors.h: made by make_score_vectors.py; do not edit.\n *")
    print(" * Each answer with its right ones: exact, f1, bleu of it alone, rouge1, rouge2, rougel. */")
    print("#ifndef SCORE_VECTORS_H\n#define SCORE_VECTORS_H\n\n#include <stddef.h>\n")
    print("typedef struct score_vector {\n    const char *answer, *right[4];")
    print("    double exact, f1, bleu, rouge1, rouge2, rougel;\n} score_vector;\n")
    print("static const score_vector score_vectors[] = {")
    for answer, right in rows:
        exact = max(float(normalized(answer) == normalized(r)) for r in right)
        f1 = max(squad_f1(answer, r) for r in right)
        r = rouge.score_multi(right, answer)
        numbers = [exact, f1, bleu([(answer, right)])]
        numbers += [r[k].fmeasure for k in ("rouge1", "rouge2", "rougeL")]
        texts = ", ".join(map(literal, right))
        print(f"    {{{literal(answer)}, {{{texts}}}, {', '.join(map(digits, numbers))}}},")
    print("};\n\n/* BLEU of the first 50, 100, 150 and 200 together. */")
    together = ", ".join(digits(bleu(rows[:n])) for n in (50, 100, 150, 200))
    print(f"static const double score_vectors_bleu[] = {{{together}}};")
    print("\n#endif")


if __name__ == "__main__":
    main()
