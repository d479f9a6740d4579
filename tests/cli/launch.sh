# Settings of other programs: what is written, that nothing else changes, and that it goes back. Python's json
# and tomllib say what the files hold.
unset CLAUDE_CONFIG_DIR CODEX_HOME CONTINUE_GLOBAL_DIR
run() {
    edgewise launch "$@" 2>message
    code=$?
    sed "s|$HOME|HOME|" message
    [ "$code" -eq 0 ] || echo "exit code $code"
}
shown() { run "$@" | sed "s|$HOME|HOME|"; }
json() { python3 -c "import json, sys; f = json.load(open('$1')); print(f$2)"; }
toml() { python3 -c "import sys, tomllib; f = tomllib.load(open('$1', 'rb')); print(f$2)"; }

echo '== a file that is not there'
shown claude --dry-run
[ -e .claude ] && echo 'a dry run writes'
shown claude --model qwen >/dev/null
json .claude/settings.json "['env']"
stat -c %a .claude/settings.json
shown claude --undo | tail -n 2
ls .claude

echo '== members of others stay as they are, and in their order'
cat >.claude/settings.json <<'EOF'
{
    "permissions": {"allow": ["Bash(ls)"],   "deny": []},
    "env": {
        "EDITOR": "vi"
    },
    "z": 1.50
}
EOF
chmod 640 .claude/settings.json
cp .claude/settings.json before.json
shown claude --url http://10.0.0.7:11500/v1/
stat -c %a .claude/settings.json
cmp before.json .claude/settings.json.edgewise-backup
shown claude --model other | grep '^[-+] '
sed -i 's/"z": 1.50/"z": 2, "new": null/' .claude/settings.json
run claude --undo >/dev/null
diff before.json .claude/settings.json
ls .claude

echo '== what is there already, and what is no JSON'
printf '{"env": {"ANTHROPIC_MODEL": "mine"}, "a": []}\n' >.claude/settings.json
shown claude
cat .claude/settings.json
run claude --force >/dev/null
cat .claude/settings.json
run claude --undo >/dev/null
cat .claude/settings.json
for text in '{' '{} x' '{"a": 1, "a": 2, "env": {}' '{"env": {}, // x
}' '{"env": {}, "env": {}}' '{"env": {}, "\u0065nv": {}}' \
    '[]' '{"a": 01}' '{"a": "\x"}' '{"a":1,}' '{"env": "x"}'; do
    printf '%s' "$text" >.claude/settings.json
    edgewise launch claude >/dev/null 2>&1 && echo "taken: $text"
    [ "$(cat .claude/settings.json)" = "$text" ] || echo "changed: $text"
done
ls .claude

echo '== codex'
mkdir .codex
printf 'approval = "never"\n\n[model_providers.mine]\nmodel = "x"\nname = "Mine"' >.codex/config.toml
cp .codex/config.toml before.toml
shown codex
toml .codex/config.toml "['model_providers']['edgewise']"
toml .codex/config.toml "['model'], f['approval'], f['model_providers']['mine']"
run codex --undo >/dev/null
printf '\n' >>before.toml
cmp before.toml .codex/config.toml
printf 'model = "gpt"\n[model_providers.edgewise]\nname = "old"\n[tools]\nx = 1\n' >.codex/config.toml
cp .codex/config.toml before.toml
run codex >/dev/null
run codex --force >/dev/null
toml .codex/config.toml "['model'], f['tools'], f['model_providers']['edgewise']['name']"
run codex --undo >/dev/null
cmp before.toml .codex/config.toml
printf 'x = """\nmodel = 1\n"""\n' >.codex/config.toml
run codex | grep -v '^[a-z]* = '

echo '== opencode'
shown opencode --model a.gguf
json .config/opencode/opencode.json "['provider']['edgewise']['options']"
run opencode --undo >/dev/null
ls .config/opencode

echo '== continue'
mkdir .continue
printf 'name: Mine\nmodels:\n  # a comment\n  - name: A\n    model: a\nrules: []\n' >.continue/config.yaml
cp .continue/config.yaml before.yaml
shown continue
run continue --undo >/dev/null
cmp before.yaml .continue/config.yaml
printf 'models: [{name: A}]\n' >.continue/config.yaml
run continue | head -n 1
rm .continue/config.yaml
shown continue | grep '^[+]'

echo '== aider'
printf 'dark-mode: true\nmodel: gpt\nread:\n- a\n' >.aider.conf.yml
cp .aider.conf.yml before.yaml
run aider | head -n 2
shown aider --force
run aider --undo >/dev/null
cmp before.yaml .aider.conf.yml

echo '== lines to run'
printf 'a-long-key\n' >keys
shown openai --url https://box:8443 --api-key-file keys
shown open-webui

echo '== mistakes'
for arguments in '' emacs 'openai --undo' 'claude --url ftp://x' 'claude --model a"b' \
    'claude --undo --force'; do
    # shellcheck disable=SC2086
    edgewise launch $arguments >/dev/null 2>&1
    [ $? -eq 2 ] || echo "launch $arguments is taken"
done
shown claude --undo --dry-run
exit 0
