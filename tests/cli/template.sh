# A conversation comes out as the template of a file or a model writes it; what is wrong is named.
hello='{"messages": [{"role": "user", "content": "Hi <s> there"}], "add_generation_prompt": true}'

cat >chat.jinja <<'END'
{{ bos_token }}{% for m in messages %}
    <{{ m.role }}>{{ m.content | trim }}</{{ m.role }}>
{% endfor %}
{%- if add_generation_prompt %}
<assistant>
{%- endif %}
END
echo "$hello" | edgewise template -m chat.jinja --bos '<bos>' --eos '<eos>'
echo
printf '%s' '{{ strftime_now("%d %B %Y") }}{{ eos_token }}' >date.jinja
echo "$hello" | edgewise template -m date.jinja --date 2026-11-21 --eos '!'
echo

# A model's own.
printf '%s' '{"bos_token": "<b>", "chat_template": "{{ bos_token }}{{ messages | length }}"}' \
    >tokenizer_config.json
echo "$hello" | edgewise template -m .
echo
echo "$hello" | edgewise template -m tokenizer_config.json
echo

fails() {
    wanted=$1
    shift
    edgewise template "$@" >out 2>err
    code=$?
    [ "$code" -eq "$wanted" ] && [ ! -s out ] || echo "exit code $code, wanted $wanted: $*"
    cat err
}
printf '%s' '
{{ raise_exception("no system message, please") }}' >refuses.jinja
echo "$hello" | fails 1 -m refuses.jinja
printf '%s' '{% for m in messages %}' >broken.jinja
echo "$hello" | fails 3 -m broken.jinja
printf '%s' '{% for a in range(99999) %}{% for b in messages * 99999 %}{% endfor %}{% endfor %}' \
    >endless.jinja
echo "$hello" | fails 3 -m endless.jinja
echo '{"messages": [}' | fails 3 -m chat.jinja
echo '{}' | fails 3 -m chat.jinja
echo "$hello" | fails 2 -m chat.jinja --date today
echo "$hello" | fails 1 -m absent.jinja
echo "$hello" | fails 2
