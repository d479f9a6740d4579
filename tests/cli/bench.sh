# Every quantity is there with its least and its most, in order, and none is made up.
. "$CASE_DIR/fixtures.inc"
edgewise bench -m "$MODEL" --prompt-tokens 20 --gen-tokens 4 --depth 10 --batch 2 -r 2 --json >out || exit 1
for key in prefill_tok_s decode_tok_s load_ms ttft_ms peak_rss_bytes read_gb_s decode_bandwidth_share; do
    value() {
        sed -n "s/.*\"$1\":\([0-9.e+-]*\|null\)[,}].*/\1/p" out
    }
    printf '%s %s %s\n' "$(value ${key}_min)" "$(value $key)" "$(value ${key}_max)" |
        awk -v key=$key '!(NF == 3 && $1 > 0 && $1 <= $2 && $2 <= $3) { print key, $0 }'
done
for key in cpu_level threads; do grep -q "\"$key\":" out || echo "no $key"; done
code 2 edgewise bench -m "$MODEL" --batch 3 -b 2 2>/dev/null
edgewise bench -m "$MODEL" --prompt-tokens 5 --gen-tokens 2 -r 1 | grep -cE '^[a-z_]+ +[0-9n]'
# A profile's shares are of the whole time.
edgewise bench -m "$MODEL" --prompt-tokens 40 --gen-tokens 4 -r 1 --profile |
    awk '/^(prefill|decode): / { sum[$1] += $(NF - 2) }
         END { for (part in sum) print part, (sum[part] > 99 && sum[part] < 101 ? "all" : sum[part]) }' | sort
