#include "serve/api_refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_param(ewi_refusal *refusal, const char *param) {
    snprintf(refusal->param, sizeof refusal->param, "%s", param ? param : "");
}

bool ewi_refuse(ewi_refusal *refusal, int http, const char *param, const char *fmt, ...) {
    va_list args;
    refusal->http = http;
    refusal->code = NULL;
    set_param(refusal, param);
    va_start(args, fmt);
    vsnprintf(refusal->text, sizeof refusal->text, fmt, args);
    va_end(args);
    return false;
}

static int http_of(ew_status status) {
    switch (status) {
    case EW_INVALID:
    case EW_FORMAT:
    case EW_UNSUPPORTED:
    case EW_CONTEXT_FULL:
    case EW_TEMPLATE: return 400;
    case EW_BUSY: return 429;
    case EW_DEADLINE: return 504;
    case EW_LIMIT:
    case EW_NO_MEMORY:
    case EW_CANCELLED: return 503;
    case EW_OK:
    case EW_IO: break;
    }
    return 500;
}

static const char *code_of(ew_status status) {
    if (status == EW_CONTEXT_FULL) return "context_length_exceeded";
    if (status == EW_BUSY) return "queue_full";
    return status == EW_DEADLINE ? "timeout" : NULL;
}

bool ewi_refuse_error(ewi_refusal *refusal, const char *param, const ew_error *err) {
    refusal->http = http_of(err->status);
    refusal->code = code_of(err->status);
    set_param(refusal, param);
    snprintf(refusal->text, sizeof refusal->text, "%s", err->text);
    return false;
}

const char *ewi_refusal_type(int http) {
    switch (http) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503: return "overloaded_error";
    case 504: return "timeout_error";
    default: return http < 500 ? "invalid_request_error" : "api_error";
    }
}
