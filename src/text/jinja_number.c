/* jinja_number.c: the filters that make numbers. */
#include <stdio.h>

#include "base/decimal.h"
#include "text/jinja_filters.h"

static bool float_to_int(ewi_jinja *run, double real, ewi_jv *out) {
    if (!(real > -0x1p63 && real < 0x1p63))
        return ewi_jinja_fail(run, EW_UNSUPPORTED, "a number is too large: they have 64 bits here");
    *out = ewi_jv_int((int64_t)real);
    return true;
}

bool ewi_jfilter_int(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int64_t whole, base = 10;
    double real;
    *out = call->a[0].kind == EWI_J_ABSENT ? ewi_jv_int(0) : call->a[0];
    if (call->a[1].kind != EWI_J_ABSENT && (!ewi_jv_to_int(&call->a[1], &base) || base < 2 || base > 36))
        return ewi_jinja_raise(run, "int: the base is a number from 2 to 36");
    if (call->in.kind == EWI_J_FLOAT)
        return call->in.as.real - call->in.as.real != 0 || float_to_int(run, call->in.as.real, out);
    if (ewi_jv_to_int(&call->in, &whole))
        *out = ewi_jv_int(whole);
    else if (call->in.kind == EWI_J_STRING && ewi_jinja_read_int(ewi_jv_str(&call->in), (int)base, &whole))
        *out = ewi_jv_int(whole);
    else if (call->in.kind == EWI_J_STRING && ewi_jinja_read_float(ewi_jv_str(&call->in), &real))
        return real - real != 0 || float_to_int(run, real, out);
    else if (call->in.kind == EWI_J_UNDEFINED)
        return ewi_jinja_undefined(run, &call->in);
    return true;
}

bool ewi_jfilter_float(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    double real;
    *out = call->a[0].kind == EWI_J_ABSENT ? ewi_jv_float(0) : call->a[0];
    if (call->in.kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, &call->in);
    if (ewi_jv_to_double(&call->in, &real) ||
        (call->in.kind == EWI_J_STRING && ewi_jinja_read_float(ewi_jv_str(&call->in), &real)))
        *out = ewi_jv_float(real);
    return true;
}

bool ewi_jfilter_abs(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int64_t whole;
    if (call->in.kind == EWI_J_FLOAT) {
        *out = ewi_jv_float(call->in.as.real < 0 ? -call->in.as.real : call->in.as.real);
        return true;
    }
    if (call->in.kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, &call->in);
    if (!ewi_jv_to_int(&call->in, &whole))
        return ewi_jinja_raise(run, "abs: a %s is no number", ewi_jv_type_name(&call->in));
    ewi_jv zero = ewi_jv_int(0), value = ewi_jv_int(whole);
    return whole < 0 ? ewi_jinja_arithmetic(run, '-', &zero, &value, out) : (*out = value, true);
}

/* The nearest number with so many decimals; a tie, which a binary fraction can be exactly, goes to even. */
static double round_decimal(double real, int precision) {
    char text[400];
    snprintf(text, sizeof text, "%.*f", precision, real < 0 ? -real : real);
    for (char *c = text; *c; c++)
        if (*c < '0' || *c > '9') *c = '.';
    double value;
    (void)!ewi_decimal_to_double(ewi_str(text), &value);
    return real < 0 ? -value : value;
}

static double power_of_ten(int64_t n) {
    double value = 1;
    for (; n > 0; n--) value *= 10;
    return value;
}

static double toward(double real, bool up) {
    if (real >= 0x1p52 || real <= -0x1p52) return real;
    double whole = (double)(int64_t)real;
    if (up) return whole < real ? whole + 1 : whole;
    return whole > real ? whole - 1 : whole;
}

bool ewi_jfilter_round(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int64_t precision = 0;
    double real;
    bool up = ewi_jv_is(&call->a[1], "ceil"), down = ewi_jv_is(&call->a[1], "floor");
    if (call->a[1].kind != EWI_J_ABSENT && !up && !down && !ewi_jv_is(&call->a[1], "common"))
        return ewi_jinja_raise(run, "round: the method is \"common\", \"ceil\" or \"floor\"");
    if (call->a[0].kind != EWI_J_ABSENT && !ewi_jv_to_int(&call->a[0], &precision))
        return ewi_jinja_raise(run, "round: the precision is a whole number");
    if (precision < 0 || precision > 20)
        return ewi_jinja_fail(run, EW_UNSUPPORTED, "round: the precision is from 0 to 20 here");
    if (call->in.kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, &call->in);
    if (!ewi_jv_to_double(&call->in, &real))
        return ewi_jinja_raise(run, "round: a %s is no number", ewi_jv_type_name(&call->in));
    double scale = power_of_ten(precision);
    if (up || down)
        *out = ewi_jv_float(toward(real * scale, up) / scale);
    else if (call->in.kind != EWI_J_FLOAT)
        *out = call->in.kind == EWI_J_INT ? call->in : ewi_jv_int(call->in.as.flag);
    else
        *out = ewi_jv_float(real - real != 0 ? real : round_decimal(real, (int)precision));
    return true;
}

bool ewi_jfilter_sum(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv *items;
    size_t n;
    bool by_attribute = call->a[0].kind != EWI_J_ABSENT && call->a[0].kind != EWI_J_NONE;
    ewi_jv total = call->a[1].kind == EWI_J_ABSENT ? ewi_jv_int(0) : call->a[1];
    if (!ewi_jv_iterate(run, &call->in, &items, &n)) return false;
    for (size_t i = 0; i < n; i++) {
        ewi_jv item = items[i], left = total;
        if (by_attribute && !ewi_jinja_attribute(run, &items[i], &call->a[0], NULL, &item)) return false;
        if (!ewi_jinja_add(run, &left, &item, &total)) return false;
    }
    *out = total;
    return true;
}
