#include "text/scanner.h"

#include <string.h>

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

typedef ewi_unicode_ccc_range range; /* first, last, class */

/* The text up to where an expression can see: the end of the piece that the cascade gave it. */
typedef struct view {
    const uint8_t *text;
    size_t end;
    bool cuts_han; /* Han characters are in no cased word */
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

/* The set as a cased word sees it. */
static inline uint32_t cased_at(view v, size_t at, size_t *next) {
    uint32_t c, set = look(v, at, next, &c);
    return v.cuts_han && ewi_unicode_script(c) == EWI_SCRIPT_HAN ? 0 : set;
}

static inline size_t cased_run(view v, size_t at, uint32_t set) {
    for (size_t next; cased_at(v, at, &next) & set; at = next) continue;
    return at;
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
    for (uint32_t set; (set = cased_at(v, end, &next)) & UPPER; end = next)
        if (set & SOFT) soft = next;
    size_t lower = cased_run(v, end, LOWER);
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
    if (end == first) end = cased_run(v, first, UPPER);
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

/* The same, but each \p{N} for itself. */
static size_t scan_youtu(view v, size_t at) {
    size_t end = digits(v, at, 1);
    return end > at ? end : scan_o200k(v, at);
}

/* \p{Han}+ , then the same without Han characters in words, and without "/" after symbols. */
static size_t scan_kimi_k2(view v, size_t at) {
    uint32_t c;
    size_t end = at;
    for (size_t next; look(v, end, &next, &c) && ewi_unicode_script(c) == EWI_SCRIPT_HAN; end = next)
        continue;
    v.cuts_han = true;
    if (end == at) end = cased_word(v, at, true);
    if (end == at) end = digits(v, at, 3);
    if (end == at) end = symbols(v, at, false);
    return end > at ? end : blanks_or_newlines(v, at);
}

/* The same as o200k without contractions, and each \p{N} for itself. */
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

/* \p{L}\p{M}*(?: ?\p{L}\p{M}*)* */
static size_t spaced_letters(view v, size_t at) {
    for (size_t next, second;; at = next) {
        uint32_t set = set_at(v, at, &next);
        if (at < v.end && v.text[at] == ' ' && set_at(v, next, &second) & L)
            next = second;
        else if (!(set & L))
            return at;
        next = run(v, next, M);
    }
}

/*
 * (?i:'s|...)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?
 * |\s*[\r\n]|\s+(?!\S)|\s+
 */
static size_t scan_exaone_moe(view v, size_t at) {
    size_t end = contraction(v, at, true), next, second;
    if (end > at) return end;
    uint32_t set = set_at(v, at, &next);
    if (set & N) return next;
    if (set & L) return spaced_letters(v, at);
    if (!is_newline(v.text[at]) && set_at(v, next, &second) & L) return spaced_letters(v, next);
    set = set_at(v, at + (v.text[at] == ' '), &next);
    if (!set || set & (SPACE | L | N)) return blanks_or_newlines(v, at);
    end = run_not(v, next, SPACE | L | N);
    bool mark = end < v.end && is_newline(v.text[end]);
    return end + mark;
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

/* Classes that \s?[class]+ looks for. */
typedef bool (*class_fn)(uint32_t c, uint32_t set);

static bool is_letter(uint32_t c, uint32_t set) {
    (void)c;
    return set & L;
}

static bool is_punctuation(uint32_t c, uint32_t set) {
    (void)c;
    return set & P;
}

/* DeepSeek LLM's letters: those with case, as far as its list of them goes. */
static bool is_listed_letter(uint32_t c, uint32_t set) {
    static const range missing[] = {
        {0x560, 0x588, 1},     {0x10c7, 0x10ff, 1},   {0x1c80, 0x1c88, 1},
        {0x2d00, 0x2d2d, 1},   {0xa790, 0xa7fa, 1},   {0xab30, 0xab68, 1},
        {0x10570, 0x105bc, 1}, {0x16e40, 0x16e7f, 1}, {0x1d400, 0x1df2a, 1},
    };
    const uint32_t cased = EWI_CATEGORY(EWI_LU) | EWI_CATEGORY(EWI_LL) | EWI_CATEGORY(EWI_LT);
    return set & cased && !ewi_unicode_in_ranges(missing, EWI_COUNT(missing), c);
}

/* [!-/:-~！-／：-～‘-‟　-。] : from ":" to "~" are letters as well. */
static bool is_listed_mark(uint32_t c, uint32_t set) {
    (void)set;
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '~') || (c >= 0xff01 && c <= 0xff0f) ||
           (c >= 0xff1a && c <= 0xff5e) || (c >= 0x2018 && c <= 0x201f) || (c >= 0x3000 && c <= 0x3002);
}

static bool is_one(view v, size_t at, class_fn is, size_t *next) {
    uint32_t c, set = look(v, at, next, &c);
    return set && is(c, set);
}

/* \s?[class]+ */
static size_t blank_and_run(view v, size_t at, class_fn is) {
    size_t next, second;
    for (size_t i = at; i < v.end; i = next) {
        uint32_t c, set = look(v, i, &next, &c);
        bool led = set & SPACE && is_one(v, next, is, &second);
        if (!led && !is(c, set)) continue;
        if (i > at) return i;
        while (is_one(v, next, is, &second)) next = second;
        return next;
    }
    return v.end;
}

static size_t blank_and_letters(view v, size_t at) {
    return blank_and_run(v, at, is_letter);
}

static size_t blank_and_marks(view v, size_t at) {
    return blank_and_run(v, at, is_punctuation);
}

static size_t blank_and_listed_letters(view v, size_t at) {
    return blank_and_run(v, at, is_listed_letter);
}

static size_t blank_and_listed_marks(view v, size_t at) {
    return blank_and_run(v, at, is_listed_mark);
}

/* \s+$ */
static size_t last_blanks(view v, size_t at) {
    size_t blanks_at = v.end, next;
    for (size_t i = at; i < v.end; i = next) {
        bool blank = set_at(v, i, &next) & SPACE;
        if (!blank)
            blanks_at = v.end;
        else if (blanks_at == v.end)
            blanks_at = i;
    }
    return blanks_at == at ? v.end : blanks_at;
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

/* Runs of characters of the same class; who is in no range has class 0. */
static size_t class_runs(view v, size_t at, const range *ranges, size_t n) {
    uint32_t c;
    size_t end, next;
    look(v, at, &end, &c);
    uint32_t class = ewi_unicode_in_ranges(ranges, n, c);
    for (; end < v.end; end = next) {
        look(v, end, &next, &c);
        if (ewi_unicode_in_ranges(ranges, n, c) != class) break;
    }
    return end;
}

/* [一-龥ࠀ-一가-퟿]+ */
static size_t east_asian_runs(view v, size_t at) {
    static const range ranges[] = {{0x800, 0x9fa5, 1}, {0xac00, 0xd7ff, 1}};
    return class_runs(v, at, ranges, EWI_COUNT(ranges));
}

/* [一-龥぀-ゟ゠-ヿ]+ */
static size_t chinese_or_kana_runs(view v, size_t at) {
    static const range ranges[] = {{0x3040, 0x30ff, 1}, {0x4e00, 0x9fa5, 1}};
    return class_runs(v, at, ranges, EWI_COUNT(ranges));
}

/* [가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+ */
static size_t youtu_runs(view v, size_t at) {
    static const range ranges[] = {
        {0x2014, 0x2014, 2}, {0x2018, 0x2019, 2}, {0x201c, 0x201d, 2}, {0x2026, 0x2026, 2},
        {0x3001, 0x303f, 2}, {0x3040, 0x30ff, 4}, {0x3105, 0x312f, 3}, {0x3131, 0x318e, 1},
        {0x4e00, 0x9fa5, 4}, {0xac00, 0xd7a3, 1}, {0xfe30, 0xfe4f, 2}, {0xff01, 0xff01, 2},
        {0xff0c, 0xff0c, 2}, {0xff1a, 0xff1b, 2},
    };
    return class_runs(v, at, ranges, EWI_COUNT(ranges));
}

/* [一-鿿㐀-䶿\x{8c48}-﫿぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+ */
static size_t afmoe_runs(view v, size_t at) {
    static const range ranges[] = {
        {0xe40, 0xeff, 1},   {0x1000, 0x109f, 1}, {0x1100, 0x11ff, 1},
        {0x1780, 0x17ff, 1}, {0x2f00, 0x2fdf, 1}, {0x3040, 0x30ff, 1},
        {0x3400, 0x4dbf, 1}, {0x4e00, 0xfaff, 1}, {0xff65, 0xff9f, 1},
    };
    return class_runs(v, at, ranges, EWI_COUNT(ranges));
}

/* [^\n]+|[\n]+ */
static size_t newline_runs(view v, size_t at) {
    static const range newline[] = {{'\n', '\n', 1}};
    return class_runs(v, at, newline, 1);
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

/*
 * Digits in threes, counted from the right: first a cut where the length of a run [set]+ is a multiple of
 * three from there on, with `whole` only when the run ends the piece; then threes from each cut. (One walk
 * over the run for each, so that the time is linear.)
 */
static size_t digit_heads(view v, size_t at, uint32_t set, bool whole) {
    for (size_t i = at, end = at; i < v.end; i = end) {
        size_t n = 0, next;
        for (end = i; set_at(v, end, &next) & set; end = next) n++;
        if (end == i) end = next;
        size_t head = digits(v, i, (unsigned)(n % 3));
        if (n >= 3 && head > at && (!whole || end == v.end)) return head;
    }
    return v.end;
}

/* Three, when one more follows. */
static size_t triples(view v, size_t at, uint32_t set) {
    size_t end = at, next;
    for (unsigned n = 0; n < 3 && set_at(v, end, &next) & set; n++) end = next;
    return set_at(v, end, &next) & set ? end : v.end;
}

/* (?=(\d{3})+(?!\d)) : a match is empty, and there a cut */
static size_t heads_superbpe(view v, size_t at) {
    return digit_heads(v, at, EWI_CATEGORY(EWI_ND), false);
}

static size_t triples_nd(view v, size_t at) {
    return triples(v, at, EWI_CATEGORY(EWI_ND));
}

/* \p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N})) , after digit_runs */
static size_t heads_afmoe(view v, size_t at) {
    return digit_heads(v, at, N, true);
}

static size_t triples_n(view v, size_t at) {
    return triples(v, at, N);
}

/*
 * \d{1,3}(?=(?:\d{3})*\b) : first the runs that a word ends with. In others, triples_nd cuts as the
 * expression after it does.
 */
static size_t last_digit_runs(view v, size_t at) {
    const uint32_t nd = EWI_CATEGORY(EWI_ND);
    for (size_t i = at, end; i < v.end; i = end) {
        uint32_t c;
        size_t next;
        end = run(v, i, nd);
        bool digit = end > i, word = look(v, end, &next, &c) && ewi_unicode_is_word_oniguruma(c);
        if (digit && !word) return i > at ? i : end;
        if (!digit) end = next;
    }
    return v.end;
}

static size_t heads_tiny_aya(view v, size_t at) {
    return digit_heads(v, at, EWI_CATEGORY(EWI_ND), true);
}

/*
 * \s{512}(?!\S)|\s{256}(?!\S)|...|\s{4}(?!\S)|\s{1,2}(?!\S)|\s : what the scanner before left of blanks
 * without newlines, cut into powers of two.
 */
static size_t halving_blanks(view v, size_t at) {
    size_t n = 0, power = 512, end, next;
    if (is_newline(v.text[v.end - 1])) return v.end;
    for (end = at; n < power && set_at(v, end, &next) & SPACE; end = next) n++;
    if (n < 2) return v.end;
    while (power > n) power /= 2;
    for (end = at; power > 0; power--) set_at(v, end, &end);
    return end;
}

/* ---- Chameleon ---- */

static size_t literal(view v, size_t at, const char *text) {
    size_t n = strlen(text);
    return v.end - at >= n && memcmp(v.text + at, text, n) == 0 ? at + n : at;
}

/* <sentinel:[0-9]+> : its end, or `at` */
static size_t sentinel(view v, size_t at) {
    size_t digit = literal(v, at, "<sentinel:"), end = digit;
    if (digit == at) return at;
    while (end < v.end && v.text[end] >= '0' && v.text[end] <= '9') end++;
    return end > digit && end < v.end && v.text[end] == '>' ? end + 1 : at;
}

/* IMGIMG[A-I]{1,4}Z */
static size_t image(view v, size_t at) {
    size_t letter = literal(v, at, "IMGIMG"), end = letter;
    if (letter == at) return at;
    while (end < v.end && end - letter < 4 && v.text[end] >= 'A' && v.text[end] <= 'I') end++;
    return end > letter && end < v.end && v.text[end] == 'Z' ? end + 1 : at;
}

/* [\t\n]|    |  : (four blanks, two) */
static size_t indent(view v, size_t at) {
    if (v.text[at] == '\t' || v.text[at] == '\n') return at + 1;
    size_t four = literal(v, at, "    ");
    return four > at ? four : literal(v, at, "  ");
}

typedef size_t (*match_fn)(view v, size_t at);

/* The match at `at`, or the gap before the next one. */
static size_t each_match(view v, size_t at, match_fn match) {
    size_t end = match(v, at);
    if (end > at) return end;
    for (end = at + 1; end < v.end && match(v, end) == end;) end++;
    return end;
}

static size_t sentinels(view v, size_t at) {
    return each_match(v, at, sentinel);
}

static size_t images(view v, size_t at) {
    return each_match(v, at, image);
}

static size_t indents(view v, size_t at) {
    return each_match(v, at, indent);
}

/* [\p{P}!-/:-@\[-`{-~] */
static size_t each_mark(view v, size_t at) {
    size_t end = at, next;
    for (uint32_t c; end < v.end; end = next) {
        uint32_t set = look(v, end, &next, &c);
        if (set & P || (c < 0x80 && is_ascii_mark((uint8_t)c))) return end > at ? end : next;
    }
    return v.end;
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
    [EWI_SCAN_DEEPSEEK_LLM] = {each_newline, blank_and_listed_letters, blank_and_listed_marks, last_blanks,
                               east_asian_runs, digit_runs},
    [EWI_SCAN_MINICPM5] = {digits_up_to_three, scan_llama3},
    [EWI_SCAN_YOUTU] = {youtu_runs, scan_youtu},
    [EWI_SCAN_JAIS2] = {scan_llama3, halving_blanks},
    [EWI_SCAN_EXAONE_MOE] = {scan_exaone_moe},
    [EWI_SCAN_CHAMELEON] = {sentinels, images, indents, each_digit, each_mark, scan_gpt2},
    [EWI_SCAN_TINY_AYA] = {last_digit_runs, heads_tiny_aya, triples_nd, scan_o200k},
    [EWI_SCAN_SUPERBPE] = {digit_runs, heads_superbpe, triples_nd},
    [EWI_SCAN_KIMI_K2] = {scan_kimi_k2},
    [EWI_SCAN_AFMOE] = {digit_runs, heads_afmoe, triples_n, afmoe_runs, scan_deepseek_v3},
    [EWI_SCAN_LAGUNA] = {newline_runs, scan_qwen2},
    [EWI_SCAN_GGUF_DEFAULT] = {mark_runs_default, scan_gpt2, digit_runs, digit_triples},
};

void ewi_words_init(ewi_words *words, ewi_scanner scanner, ewi_bytes text) {
    *words = (ewi_words){.text = text, .scanner = scanner};
}

bool ewi_words_next(ewi_words *words, ewi_bytes *word) {
    if (words->at >= words->text.len) return false;
    view v = {.text = words->text.data, .end = words->text.len};
    for (size_t level = 0; level < EWI_SCAN_MAX_LEVELS && scanners[words->scanner][level]; level++) {
        if (words->ends[level] <= words->at)
            words->ends[level] = scanners[words->scanner][level](v, words->at);
        v.end = words->ends[level];
    }
    *word = (ewi_bytes){words->text.data + words->at, v.end - words->at};
    words->at = v.end;
    return true;
}
