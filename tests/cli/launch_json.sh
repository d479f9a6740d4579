# JSON files of all shapes: Python's json finds in them what it found before, and what launch put there; and
# undone they are the same bytes again.
unset CLAUDE_CONFIG_DIR
exec python3 - <<'EOF'
import json
import pathlib
import random
import subprocess

ENV = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:11500", "ANTHROPIC_AUTH_TOKEN": "edgewise",
       "ANTHROPIC_MODEL": "pocket", "ANTHROPIC_DEFAULT_HAIKU_MODEL": "pocket"}
FILE = pathlib.Path(".claude/settings.json")
chance = random.Random(1)


def value(depth):
    kind = chance.randrange(8 if depth < 4 else 6)
    if kind == 6:
        return [value(depth + 1) for _ in range(chance.randrange(4))]
    if kind == 7:
        return members(depth + 1)
    return [None, True, -0.5e-7, 12345678901234567890, 'a "quote", a \\, {[}], \u00e9\U0001f600\n', ""][kind]


def members(depth):
    return {f"k{chance.randrange(100)} \u00fc{{": value(depth) for _ in range(chance.randrange(5))}


def launch(*options):
    subprocess.run(["edgewise", "launch", "claude", *options], check=True, stdout=subprocess.DEVNULL)


FILE.parent.mkdir()
for i in range(150):
    root = members(0)
    items = list(root.items())
    if chance.randrange(2):
        env = {f"V{j}": "x" for j in range(chance.randrange(3))}
        items.insert(chance.randrange(len(items) + 1), ("env", env))
    root = dict(items)
    text = json.dumps(root, indent=chance.choice([None, 2, 4, "\t"]), ensure_ascii=chance.randrange(2) == 0)
    FILE.write_text(text, encoding="utf-8")
    launch()
    got = json.loads(FILE.read_text(encoding="utf-8"))
    wanted = {**root, "env": {**root.get("env", {}), **ENV}}
    assert got == wanted and list(got) == list(wanted), text
    launch("--model", "qwen")
    launch("--undo")
    assert FILE.read_text(encoding="utf-8") == text, (text, FILE.read_text(encoding="utf-8"))
print("ok")
EOF
