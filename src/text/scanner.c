#include "text/scanner.h"

#include "base/compiler.h"
#include "text/unicode.h"

#define SPACE EWI_UNICODE_WHITE_SPACE
#define L     EWI_UNICODE_L
#define N     EWI_UNICODE_N
#define P     EWI_UNICODE_P
#define M     EWI_UNICODE_M
#define S     EWI_UNICODE_S

/* o200k's two halves of a word: [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and [\p{Ll}\p{Lm}\p{Lo}\p{M}]. */
#define SOFT  (EWI_UNICODE_UNCASED | EWI_UNICODE_M)
#define UPPER (EWI_CATEGORY(EWI_LU) | EWI_CATEGORY(EWI_LT) | SOFT)
#define LOWER (EWI_CATEGORY(EWI_LL) | SOFT)

/* The text up to where an expression can see: the end of the piece that the cascade gave it. */
typedef struct view {
    const uint8_t *text;
    size_t end;
} view;

/* The set of the character at `at` and where the next one begins; at the end: the empty set. */
static inline uint32_t look(view v, size_t at, size_t *next, uint32_t *c) {
    if (at >= v.end) {
        *c = EWI_UTF8_INVALID;
        *next = at;
        return 0;
    }
    if (v.text[at] < 0x80) {
        *c = v.text[at];
        *next = at + 1;
    } else {
        *next = at + ewi_utf8_decode(v.text + at, v.end - at, c);
    }
    return ewi_unicode_set(*c);
}

static inline uint32_t set_at(view v, size_t at, size_t *next) {
    uint32_t c;
    return look(v, at, next, &c);
}

/* The end of [set]* from `at`. */
static inline size_t run(view v, size_t at, uint32_t set) {
    for (size_t next; set_at(v, at, &next) & set; at = next) continue;
    return at;
}

/* The end of [^set]* from `at`. */
static inline size_t run_not(view v, size_t at, uint32_t set) {
    for (size_t next; at < v.end && !(set_at(v, at, &next) & set); at = next) continue;
    return at;
}

static bool is_newline(uint8_t b) {
    return b == '\n' || b == '\r';
}

/*
 * 's 't 're 've 'm 'll 'd: the end of one at `at`, or `at`. With (?i), the long s (U+017F) is an s as well.
 */
static size_t contraction(view v, size_t at, bool any_case) {
    if (at + 1 >= v.end || v.text[at] != '\'') return at;
    uint8_t fold = any_case ? 0x20 : 0;
    uint8_t a = v.text[at + 1] | fold;
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return at + 2;
    if (at + 2 >= v.end) return at;
    uint8_t b = v.text[at + 2] | fold;
    if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return at + 3;
    if (any_case && v.text[at + 1] == 0xc5 && v.text[at + 2] == 0xbf) return at + 3;
    return at;
}

/*
 * \s+(?!\S)|\s+ : a run of white space, without its last character when something follows. `last` is where
 * that one begins.
 */
static size_t blanks_before(view v, size_t at, size_t last, size_t end) {
    return end == v.end || last == at ? end : last;
}

static size_t blanks(view v, size_t at) {
    size_t last = at, end = at;
    for (size_t next; set_at(v, end, &next) & SPACE; end = next) last = end;
    return blanks_before(v, at, last, end);
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ : as far as the last newline of the run, if it has one. */
static size_t blanks_or_newlines(view v, size_t at) {
    size_t last = at, end = at, newline_end = at;
    for (size_t next; set_at(v, end, &next) & SPACE; end = next) {
        last = end;
        if (is_newline(v.text[end])) newline_end = next;
    }
    return newline_end > at ? newline_end : blanks_before(v, at, last, end);
}

/* \s++$|\s*[\r\n]|\s+(?!\S)|\s : the same, but white space that ends the text stays whole. */
static size_t blanks_cl100k(view v, size_t at) {
    return run(v, at, SPACE) == v.end ? v.end : blanks_or_newlines(v, at);
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static size_t scan_gpt2(view v, size_t at) {
    size_t end = contraction(v, at, false);
    if (end > at) return end;
    size_t next, first = at + (v.text[at] == ' ');
    uint32_t set = set_at(v, first, &next);
    if (set & L) return run(v, next, L);
    if (set & N) return run(v, next, N);
    if (set && !(set & SPACE)) return run_not(v, next, SPACE | L | N);
    return blanks(v, at);
}

/* \p{N}{1,max} */
static size_t digits(view v, size_t at, unsigned max) {
    for (size_t next; max > 0 && set_at(v, at, &next) & N; at = next) max--;
    return at;
}

/* " ?[^\s\p{L}\p{N}]+[\r\n]*", with `slash` "[\r\n/]*": its end, or `at`. */
static size_t symbols(view v, size_t at, bool slash) {
    size_t next, first = at + (v.text[at] == ' ');
    uint32_t set = set_at(v, first, &next);
    if (!set || set & (SPACE | L | N)) return at;
    size_t end = run_not(v, next, SPACE | L | N);
    while (end < v.end && (is_newline(v.text[end]) || (slash && v.text[end] == '/'))) end++;
    return end;
}

/*
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,max}| ?[^\s\p{L}\p{N}]+[\r\n]*  : its end, or
 * `at`.
 */
static size_t scan_word(view v, size_t at, unsigned max_digits) {
    size_t end = contraction(v, at, true);
    if (end > at) return end;
    size_t next, second;
    uint32_t set = set_at(v, at, &next);
    if (set & L) return run(v, next, L);
    if (set & N) return digits(v, at, max_digits);
    if (!is_newline(v.text[at]) && set_at(v, next, &second) & L) return run(v, second, L);
    return symbols(v, at, false);
}

static size_t scan_llama3(view v, size_t at) {
    size_t end = scan_word(v, at, 3);
    return end > at ? end : blanks_or_newlines(v, at);
}

static size_t scan_qwen2(view v, size_t at) {
    size_t end = scan_word(v, at, 1);
    return end > at ? end : blanks_or_newlines(v, at);
}

static size_t scan_cl100k(view v, size_t at) {
    size_t end = scan_word(v, at, 3);
    return end > at ? end : blanks_cl100k(v, at);
}

/*
 * UPPER*LOWER+ : its end, or `at`. When no lower-case letter follows the run of UPPER, backtracking gives the
 * end of the last character in it that is in LOWER too.
 */
static size_t upper_lower(view v, size_t at) {
    size_t end = at, soft = at, next;
    for (uint32_t set; (set = set_at(v, end, &next)) & UPPER; end = next)
        if (set & SOFT) soft = next;
    size_t lower = run(v, end, LOWER);
    return lower > end ? lower : soft;
}

/*
 * [^\r\n\p{L}\p{N}]?UPPER*LOWER+(?i:'s|...)?|[^\r\n\p{L}\p{N}]?UPPER+LOWER*(?i:'s|...)? : its end, or `at`.
 * The optional first character can be a mark, which is in UPPER and LOWER as well: then the first alternative
 * matches without it.
 */
static size_t cased_word(view v, size_t at, bool contractions) {
    size_t next;
    uint32_t set = set_at(v, at, &next);
    if (set & N || is_newline(v.text[at])) return at;
    size_t first = set & L ? at : next;
    size_t end = upper_lower(v, first);
    if (end == first && set & EWI_UNICODE_M) end = upper_lower(v, first = at);
    if (end == first) end = run(v, first, UPPER);
    if (end == first) return at;
    return contractions ? contraction(v, end, true) : end;
}

/* cased_word|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static size_t scan_o200k(view v, size_t at) {
    size_t end = cased_word(v, at, true);
    if (end == at) end = digits(v, at, 3);
    if (end == at) end = symbols(v, at, true);
    return end > at ? end : blanks_or_newlines(v, at);
}

/* The same without contractions, and each \p{N} for itself. */
static size_t scan_tekken(view v, size_t at) {
    size_t end = cased_word(v, at, false);
    if (end == at) end = digits(v, at, 1);
    if (end == at) end = symbols(v, at, true);
    return end > at ? end : blanks_or_newlines(v, at);
}

/*
 * (?i:'s|...)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 */
static size_t scan_qwen35(view v, size_t at) {
    size_t end = contraction(v, at, true), next, second;
    if (end > at) return end;
    uint32_t set = set_at(v, at, &next);
    if (set & N) return next;
    if (set & L) return run(v, next, L | M);
    if (!is_newline(v.text[at]) && set_at(v, next, &second) & (L | M)) return run(v, second, L | M);
    if (set & M) return run(v, next, L | M);
    set = set_at(v, at + (v.text[at] == ' '), &next);
    if (!set || set & (SPACE | L | M | N)) return blanks_or_newlines(v, at);
    end = run_not(v, next, SPACE | L | M | N);
    while (end < v.end && is_newline(v.text[end])) end++;
    return end;
}

/* Like Qwen2's, but newlines do not go with the symbols before them. */
static size_t scan_seed_coder(view v, size_t at) {
    size_t end = scan_word(v, at, 1), next;
    if (end == at) return blanks_or_newlines(v, at);
    bool symbol = !(set_at(v, at + (v.text[at] == ' '), &next) & (L | N));
    while (symbol && end > next && is_newline(v.text[end - 1])) end--;
    return end;
}

/* ---- cascades: each gives the end of the match at `at`, or of the gap before the next match ---- */

/* \p{N} */
static size_t each_digit(view v, size_t at) {
    size_t next;
    return set_at(v, at, &next) & N ? next : run_not(v, at, N);
}

/* \p{N}+ */
static size_t digit_runs(view v, size_t at) {
    size_t end = run(v, at, N);
    return end > at ? end : run_not(v, at, N);
}

/* [0-9][0-9][0-9] */
static size_t digit_triples(view v, size_t at) {
    size_t n = 0;
    for (size_t i = at; i < v.end; i++) {
        n = v.text[i] >= '0' && v.text[i] <= '9' ? n + 1 : 0;
        if (n == 3) return i + 1 == at + 3 ? i + 1 : i - 2;
    }
    return v.end;
}

/* [\r\n] */
static size_t each_newline(view v, size_t at) {
    if (is_newline(v.text[at])) return at + 1;
    while (at < v.end && !is_newline(v.text[at])) at++;
    return at;
}

/* \s?[set]+ */
static size_t blank_and_run(view v, size_t at, uint32_t wanted) {
    size_t next, second;
    for (size_t i = at; i < v.end; i = next) {
        uint32_t set = set_at(v, i, &next);
        size_t first = set & wanted ? i : next;
        if (!(set & (wanted | SPACE)) || !(set_at(v, first, &second) & wanted)) continue;
        return i > at ? i : run(v, second, wanted);
    }
    return v.end;
}

static size_t blank_and_letters(view v, size_t at) {
    return blank_and_run(v, at, L);
}

static size_t blank_and_marks(view v, size_t at) {
    return blank_and_run(v, at, P);
}

/* [\p{P}$+<=>^~|]+, with `backtick` also "`" */
static bool is_mark(view v, size_t at, bool backtick, size_t *next) {
    uint32_t c, set = look(v, at, next, &c);
    if (set & P) return true;
    return c == '$' || c == '+' || c == '<' || c == '=' || c == '>' || c == '^' || c == '~' || c == '|' ||
           (backtick && c == '`');
}

static size_t mark_runs(view v, size_t at, bool backtick) {
    size_t end, next;
    bool marks = is_mark(v, at, backtick, &end);
    while (end < v.end && is_mark(v, end, backtick, &next) == marks) end = next;
    return end;
}

static size_t mark_runs_falcon(view v, size_t at) {
    return mark_runs(v, at, true);
}

static size_t mark_runs_default(view v, size_t at) {
    return mark_runs(v, at, false);
}

/* [一-龥ࠀ-一가-퟿]+ */
static bool is_east_asian(view v, size_t at, size_t *next) {
    uint32_t c;
    look(v, at, next, &c);
    return (c >= 0x800 && c <= 0x9fa5) || (c >= 0xac00 && c <= 0xd7ff);
}

static size_t east_asian_runs(view v, size_t at) {
    size_t end, next;
    bool inside = is_east_asian(v, at, &end);
    while (end < v.end && is_east_asian(v, end, &next) == inside) end = next;
    return end;
}

/* [一-龥぀-ゟ゠-ヿ]+ */
static bool is_chinese_or_kana(view v, size_t at, size_t *next) {
    uint32_t c;
    look(v, at, next, &c);
    return (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0x3040 && c <= 0x30ff);
}

static size_t chinese_or_kana_runs(view v, size_t at) {
    size_t end, next;
    bool inside = is_chinese_or_kana(v, at, &end);
    while (end < v.end && is_chinese_or_kana(v, end, &next) == inside) end = next;
    return end;
}

/* \p{N}{1,3} */
static size_t digits_up_to_three(view v, size_t at) {
    size_t end = digits(v, at, 3);
    return end > at ? end : run_not(v, at, N);
}

static bool is_ascii_mark(uint8_t b) {
    return (b >= '!' && b <= '/') || (b >= ':' && b <= '@') || (b >= '[' && b <= '`') ||
           (b >= '{' && b <= '~');
}

static bool is_ascii_letter(uint8_t b) {
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
}

/*
 * [!-/:-@[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*
 * |\s*[\r\n]+|\s+(?!\S)|\s+ : its end, or `at`
 */
static size_t deepseek_word(view v, size_t at) {
    size_t end = at + 1, next, second;
    if (is_ascii_mark(v.text[at]) && end < v.end && is_ascii_letter(v.text[end])) {
        while (end < v.end && is_ascii_letter(v.text[end])) end++;
        return end;
    }
    uint32_t set = set_at(v, at, &next);
    bool lead = !is_newline(v.text[at]) && !(set & (L | P | S));
    if (lead && set_at(v, next, &second) & (L | M)) return run(v, second, L | M);
    if (set & (L | M)) return run(v, next, L | M);
    size_t first = at + (v.text[at] == ' ');
    if (set_at(v, first, &next) & (P | S)) {
        end = run(v, next, P | S);
        while (end < v.end && is_newline(v.text[end])) end++;
        return end;
    }
    return set & SPACE ? blanks_or_newlines(v, at) : at;
}

static size_t scan_deepseek_v3(view v, size_t at) {
    size_t end = deepseek_word(v, at), next;
    if (end > at) return end;
    for (end = at; end < v.end && deepseek_word(v, end) == end; end = next) set_at(v, end, &next);
    return end;
}

/* (\s|.,!?…。，、।۔،) as a set */
static bool is_bloom_mark(view v, size_t at, size_t *next) {
    static const uint32_t marks[] = {'(',    '|',    '.',    ',',    '!',   '?',   ')',
                                     0x2026, 0x3002, 0xff0c, 0x3001, 0x964, 0x6d4, 0x60c};
    uint32_t c, set = look(v, at, next, &c);
    if (set & SPACE) return true;
    for (size_t i = 0; i < EWI_COUNT(marks); i++)
        if (marks[i] == c) return true;
    return false;
}

/* " ?[^marks]+": where it begins at `at`, or `at` when it does not: the end of its first character. */
static size_t bloom_begin(view v, size_t at) {
    size_t next, first = at + (v.text[at] == ' ');
    return first < v.end && !is_bloom_mark(v, first, &next) ? next : at;
}

static size_t scan_bloom(view v, size_t at) {
    size_t end = bloom_begin(v, at), next;
    if (end > at) {
        while (end < v.end && !is_bloom_mark(v, end, &next)) end = next;
        return end;
    }
    for (end = at; end < v.end && bloom_begin(v, end) == end; end = next) set_at(v, end, &next);
    return end;
}

typedef size_t (*scan_fn)(view v, size_t at);

static const scan_fn scanners[EWI_N_SCANNERS][EWI_SCAN_MAX_LEVELS] = {
    [EWI_SCAN_GPT2] = {scan_gpt2},
    [EWI_SCAN_LLAMA3] = {scan_llama3},
    [EWI_SCAN_QWEN2] = {scan_qwen2},
    [EWI_SCAN_CL100K] = {scan_cl100k},
    [EWI_SCAN_O200K] = {scan_o200k},
    [EWI_SCAN_STARCODER] = {each_digit, scan_gpt2},
    [EWI_SCAN_FALCON] = {mark_runs_falcon, scan_gpt2, digit_triples},
    [EWI_SCAN_DEEPSEEK_CODER] = {each_newline, blank_and_letters, blank_and_marks, east_asian_runs,
                                 each_digit},
    [EWI_SCAN_DEEPSEEK_V3] = {digits_up_to_three, chinese_or_kana_runs, scan_deepseek_v3},
    [EWI_SCAN_TEKKEN] = {scan_tekken},
    [EWI_SCAN_QWEN35] = {scan_qwen35},
    [EWI_SCAN_SEED_CODER] = {scan_seed_coder},
    [EWI_SCAN_BLOOM] = {scan_bloom},
    [EWI_SCAN_VIKING] = {scan_bloom, each_digit},
    [EWI_SCAN_GGUF_DEFAULT] = {mark_runs_default, scan_gpt2, digit_runs, digit_triples},
};

void ewi_words_init(ewi_words *words, ewi_scanner scanner, ewi_bytes text) {
    *words = (ewi_words){.text = text, .scanner = scanner};
}

bool ewi_words_next(ewi_words *words, ewi_bytes *word) {
    if (words->at >= words->text.len) return false;
    view v = {words->text.data, words->text.len};
    for (size_t level = 0; level < EWI_SCAN_MAX_LEVELS && scanners[words->scanner][level]; level++) {
        if (words->ends[level] <= words->at)
            words->ends[level] = scanners[words->scanner][level](v, words->at);
        v.end = words->ends[level];
    }
    *word = (ewi_bytes){words->text.data + words->at, v.end - words->at};
    words->at = v.end;
    return true;
}
