/*
 * jinja_value.h: what a chat template computes with: Python's values, and where each byte of text came from.
 *
 * Every string knows which of its bytes the template wrote and which came in from outside (`input`), through
 * whatever made it: slices, joins and filters keep the marks. All values lie in the arena of one run, never
 * change (as in jinja2's ImmutableSandboxedEnvironment; only namespaces do) and die with it.
 *
 * Functions that can fail return false, and the run (ewi_jinja) holds what failed.
 *
 *     ewi_jbuilder b;
 *     ewi_jb_init(&b, run);
 *     if (!ewi_jb_add(&b, EWI_STR("<|"), false) || !ewi_jb_add_string(&b, name)) return false;
 *     return ewi_jb_end(&b, out);
 */
#ifndef EW_TEXT_JINJA_VALUE_H
#define EW_TEXT_JINJA_VALUE_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/utf8.h"

typedef enum ewi_jkind {
    EWI_J_ABSENT, /* an argument that was not given; no value of a template */
    EWI_J_UNDEFINED,
    EWI_J_NONE,
    EWI_J_BOOL,
    EWI_J_INT,
    EWI_J_FLOAT,
    EWI_J_STRING,
    EWI_J_LIST,
    EWI_J_TUPLE,
    EWI_J_VIEW,      /* what range(), items(), keys() and values() return: like a list, printed otherwise */
    EWI_J_GENERATOR, /* what map() and select() return: can be gone through once */
    EWI_J_DICT,
    EWI_J_NAMESPACE,
    EWI_J_LOOP,
    EWI_J_MACRO,
    EWI_J_FUNCTION,
    EWI_J_METHOD,
} ewi_jkind;

/* Valid UTF-8. */
typedef struct ewi_jstring {
    const char *data;
    size_t len;
    const ew_segment *marks; /* NULL: all bytes are as `input` says */
    size_t n_marks;
    bool input;
    bool safe; /* a Markup: `+` escapes what is added to it */
} ewi_jstring;

typedef struct ewi_jlist ewi_jlist;
typedef struct ewi_jdict ewi_jdict;
typedef struct ewi_jloop ewi_jloop;
typedef struct ewi_jmacro ewi_jmacro;
typedef struct ewi_jbound ewi_jbound;
typedef struct ewi_jbuiltin ewi_jbuiltin;

typedef struct ewi_jv {
    ewi_jkind kind;
    union {
        bool flag;
        int64_t whole;
        double real;
        const ewi_jstring *string;
        const ew_str *name; /* UNDEFINED: what has no value, or NULL */
        ewi_jlist *list;    /* LIST, TUPLE, VIEW, GENERATOR */
        ewi_jdict *dict;    /* DICT, NAMESPACE */
        ewi_jloop *loop;
        const ewi_jmacro *macro;
        const ewi_jbuiltin *function;
        const ewi_jbound *bound;
    } as;
} ewi_jv;

struct ewi_jlist {
    ewi_jv *items;
    size_t n, cap;
    bool spent; /* GENERATOR: it was gone through */
    const char *type_name;
};

typedef struct ewi_jpair {
    ewi_jv key, value;
    uint64_t hash;
} ewi_jpair;

struct ewi_jdict {
    ewi_jpair *pairs; /* in the order of insertion */
    size_t n, cap;
    uint32_t *slots; /* [n_slots] index of a pair + 1, 0 = free; NULL while small */
    size_t n_slots;
};

struct ewi_jloop {
    ewi_jv *items;
    size_t n, index;
    ewi_jv seen; /* what loop.changed() was given last */
};

/* A method and the value that it was taken from. */
struct ewi_jbound {
    ewi_jv receiver;
    const ewi_jbuiltin *method;
};

/* ---- a run: its memory, its limits, its failure ---- */

typedef struct ewi_jinja_date {
    int year, month, day, hour, minute, second; /* month and day from 1 */
} ewi_jinja_date;

typedef struct ewi_jinja {
    ewi_arena arena;
    uint64_t steps_left; /* of evaluation; work on long texts counts too */
    uint32_t depth;
    uint32_t line; /* of the template, that is evaluated now */
    ew_status status;
    char problem[640];
    ewi_jinja_date now;
} ewi_jinja;

#define EWI_JINJA_MAX_STEPS  (UINT64_C(1) << 24)
#define EWI_JINJA_MAX_DEPTH  600u
#define EWI_JINJA_MAX_MEMORY ((size_t)256 << 20)
#define EWI_JINJA_MAX_OUTPUT ((size_t)64 << 20)

/* Notes what failed, unless something did before; returns false. */
EWI_COLD EWI_PRINTF(3, 4) bool ewi_jinja_fail(ewi_jinja *run, ew_status status, const char *fmt, ...);
/* An error that Python would raise. */
#define ewi_jinja_raise(run, ...) ewi_jinja_fail((run), EW_TEMPLATE, __VA_ARGS__)

/* Takes n steps off the limit. */
bool ewi_jinja_spend(ewi_jinja *run, uint64_t n);
/* The steps of looking at so many bytes once. */
static inline bool ewi_jinja_spend_bytes(ewi_jinja *run, size_t n_bytes) {
    return ewi_jinja_spend(run, n_bytes / 16);
}
/* Calls that nest; each enter that succeeded wants one leave. */
bool ewi_jinja_enter(ewi_jinja *run);
static inline void ewi_jinja_leave(ewi_jinja *run) {
    run->depth--;
}
/* n zeroed things, or NULL and the run has failed. */
void *ewi_jinja_alloc(ewi_jinja *run, size_t n, size_t size_bytes);

/* ---- plain values ---- */

static inline ewi_jv ewi_jv_of(ewi_jkind kind) {
    ewi_jv v = {kind, {false}};
    return v;
}
static inline ewi_jv ewi_jv_undefined(const ew_str *name) {
    ewi_jv v = ewi_jv_of(EWI_J_UNDEFINED);
    v.as.name = name;
    return v;
}
static inline ewi_jv ewi_jv_none(void) {
    return ewi_jv_of(EWI_J_NONE);
}
static inline ewi_jv ewi_jv_bool(bool flag) {
    ewi_jv v = ewi_jv_of(EWI_J_BOOL);
    v.as.flag = flag;
    return v;
}
static inline ewi_jv ewi_jv_int(int64_t whole) {
    ewi_jv v = ewi_jv_of(EWI_J_INT);
    v.as.whole = whole;
    return v;
}
static inline ewi_jv ewi_jv_float(double real) {
    ewi_jv v = ewi_jv_of(EWI_J_FLOAT);
    v.as.real = real;
    return v;
}
static inline bool ewi_jv_is_string(const ewi_jv *v) {
    return v->kind == EWI_J_STRING;
}
/* LIST, TUPLE, VIEW or GENERATOR. */
static inline bool ewi_jv_is_list(const ewi_jv *v) {
    return v->kind >= EWI_J_LIST && v->kind <= EWI_J_GENERATOR;
}
/* What range() returns: a VIEW whose items have an index. */
bool ewi_jv_is_range(const ewi_jv *v);
/* An int, also from a bool, which Python counts among them. */
bool ewi_jv_to_int(const ewi_jv *v, int64_t *out);
/* A number as a double. */
bool ewi_jv_to_double(const ewi_jv *v, double *out);
/* "str", "dict", ... as Python calls the type. */
const char *ewi_jv_type_name(const ewi_jv *v);
bool ewi_jv_truth(const ewi_jv *v);
/* ==, without errors: values of different types differ. */
bool ewi_jv_equal(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, bool *out);
/* *out < 0, 0 or > 0; types that Python does not order raise. */
bool ewi_jv_compare(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, int *out);

/* ---- strings ---- */

bool ewi_jv_text(ewi_jinja *run, ew_str text, bool input, ewi_jv *out);
static inline ew_str ewi_jstring_str(const ewi_jstring *s) {
    ew_str text = {s->data, s->len};
    return text;
}
static inline ew_str ewi_jv_str(const ewi_jv *v) {
    return ewi_jstring_str(v->as.string);
}
static inline bool ewi_jv_is(const ewi_jv *v, const char *text) {
    return v->kind == EWI_J_STRING && ewi_str_is(ewi_jv_str(v), text);
}
/* Bytes [from, to) of s, with their marks. */
bool ewi_jstring_part(ewi_jinja *run, const ewi_jstring *s, size_t from, size_t to, ewi_jv *out);
/* Whether any byte is input. */
static inline bool ewi_jstring_any_input(const ewi_jstring *s) {
    return s->input || s->marks;
}
/* Characters; and the byte where character `index` begins (index <= length). */
size_t ewi_jstring_length(const ewi_jstring *s);
size_t ewi_jstring_offset(const ewi_jstring *s, size_t index);
/* What Python's str.isspace says of a character. */
bool ewi_jinja_is_space(uint32_t c);
/* Where text without the white space at its ends begins and ends. */
size_t ewi_str_skip_space(ew_str text);
size_t ewi_str_trim_space(ew_str text);
/* The first place of needle in text[from..], or SIZE_MAX. An empty needle is found at once. */
size_t ewi_str_find(ew_str text, size_t from, ew_str needle);

/* A string that grows. `safe` is for whoever builds to set before the end. */
typedef struct ewi_jbuilder {
    ewi_jinja *run;
    char *data;
    size_t len, cap, max;
    ew_segment *marks; /* the last one's end is len */
    size_t n_marks, cap_marks;
    bool safe;
} ewi_jbuilder;

void ewi_jb_init(ewi_jbuilder *b, ewi_jinja *run);
bool ewi_jb_add(ewi_jbuilder *b, ew_str text, bool input);
bool ewi_jb_add_part(ewi_jbuilder *b, const ewi_jstring *s, size_t from, size_t to);
bool ewi_jb_add_string(ewi_jbuilder *b, const ewi_jstring *s);
/* What {{ value }} prints. */
bool ewi_jb_add_value(ewi_jbuilder *b, const ewi_jv *v);
bool ewi_jb_end(ewi_jbuilder *b, ewi_jv *out);

/* ---- lists and dicts ---- */

/* A list, or another of the kinds that are one, with room for n. */
bool ewi_jlist_new(ewi_jinja *run, ewi_jkind kind, size_t n, ewi_jv *out);
bool ewi_jlist_add(ewi_jinja *run, ewi_jlist *list, ewi_jv item);

bool ewi_jdict_new(ewi_jinja *run, ewi_jkind kind, ewi_jv *out);
/* The later value of a key counts, the place of the first. */
bool ewi_jdict_set(ewi_jinja *run, ewi_jdict *dict, const ewi_jv *key, ewi_jv value);
/* *out is NULL when there is none; false only when the key cannot be one. */
bool ewi_jdict_get(ewi_jinja *run, const ewi_jdict *dict, const ewi_jv *key, ewi_jv **out);
/* The value of a key that is a string, or NULL. */
ewi_jv *ewi_jdict_find(ewi_jinja *run, const ewi_jdict *dict, ew_str key);

typedef enum ewi_jpart { EWI_J_KEYS, EWI_J_VALUES, EWI_J_ITEMS } ewi_jpart;
bool ewi_jdict_list(ewi_jinja *run, const ewi_jdict *dict, ewi_jkind kind, ewi_jpart part, ewi_jv *out);

/* What `for` goes through: a list's items, a dict's keys, a string's characters, nothing of an undefined
 * value. A generator is spent. Other values raise. */
bool ewi_jv_iterate(ewi_jinja *run, const ewi_jv *v, ewi_jv **items, size_t *n);

/* ---- calls ---- */

typedef struct ewi_jarg {
    ew_str name; /* len 0: by position */
    ewi_jv value;
} ewi_jarg;

#define EWI_J_MAX_PARAMS 6

/* A call of a filter, a test, a function or a method; `in` is what stands before it. */
typedef struct ewi_jcall {
    ewi_jv in;
    const ewi_jarg *args; /* those by position come first */
    size_t n_args, n_positional;
    ewi_jv a[EWI_J_MAX_PARAMS]; /* the arguments by parameter, where the table names them */
} ewi_jcall;

typedef bool (*ewi_jbuiltin_fn)(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);

struct ewi_jbuiltin {
    const char *name;
    const char *params; /* "a,b,c"; NULL: it looks at the arguments itself */
    ewi_jbuiltin_fn run;
};

/* Matches the arguments with the parameters and calls. */
bool ewi_jbuiltin_call(ewi_jinja *run, const ewi_jbuiltin *builtin, ewi_jcall *call, ewi_jv *out);
/* In a table that ends with a name of NULL; NULL when absent. */
const ewi_jbuiltin *ewi_jbuiltin_find(const ewi_jbuiltin *table, ew_str name);

extern const ewi_jbuiltin ewi_jinja_filters[], ewi_jinja_tests[], ewi_jinja_functions[];

/* The method of a value that has this name; false when there is none. */
bool ewi_jinja_method(ewi_jinja *run, const ewi_jv *v, ew_str name, ewi_jv *out);

/* ---- printing ---- */

/* repr(value): strings in quotes. */
bool ewi_jb_add_repr(ewi_jbuilder *b, const ewi_jv *v);
/* The digits of repr(real). */
#define EWI_JINJA_FLOAT_TEXT 40
void ewi_jinja_float_text(double real, char text[EWI_JINJA_FLOAT_TEXT]);
bool ewi_jinja_tojson(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
/* str(value) as a string; a string is itself. */
bool ewi_jv_to_string(ewi_jinja *run, const ewi_jv *v, ewi_jv *out);
/* str.format and %. */
bool ewi_jinja_format(ewi_jinja *run, const ewi_jstring *format, ewi_jcall *call, ewi_jv *out);
bool ewi_jinja_percent(ewi_jinja *run, const ewi_jstring *format, const ewi_jv *values, size_t n,
                       ewi_jv *out);
/* &, <, >, " and ' as HTML entities. */
bool ewi_jb_add_escaped(ewi_jbuilder *b, const ewi_jstring *s);

/* ---- operators ---- */

bool ewi_jinja_add(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, ewi_jv *out);
/* '-', '*', '/', '%', 'f' for // and 'p' for **. */
bool ewi_jinja_arithmetic(ewi_jinja *run, char op, const ewi_jv *a, const ewi_jv *b, ewi_jv *out);
bool ewi_jinja_contains(ewi_jinja *run, const ewi_jv *container, const ewi_jv *item, bool *out);
/* a.name and a[key]: an undefined value when there is none, which keeps the pointer to the name. */
bool ewi_jinja_getattr(ewi_jinja *run, const ewi_jv *v, const ew_str *name, ewi_jv *out);
bool ewi_jinja_getitem(ewi_jinja *run, const ewi_jv *v, const ewi_jv *key, ewi_jv *out);
/* v[begin:end:step]; ABSENT or none where nothing is given. */
bool ewi_jinja_slice(ewi_jinja *run, const ewi_jv *v, const ewi_jv bounds[3], ewi_jv *out);
/* Raises that a value which the template needs is undefined. */
bool ewi_jinja_undefined(ewi_jinja *run, const ewi_jv *v);

#endif
