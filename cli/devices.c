/* devices.c: edgewise devices: what this machine has, and what of it is used. */
#include <string.h>

#include "json_writer.h"
#include "message.h"
#include "table.h"
#include "verbs.h"

typedef struct devices_values {
    bool json;
} devices_values;

static const cli_option options[] = {
    {NULL, "json", CLI_FLAG, offsetof(devices_values, json), NULL, 0, 0, "print one JSON object"},
};

static void json_cpu(cli_json *json, const ew_machine *machine) {
    cli_json_open(json, NULL, '{');
    cli_json_text(json, "name", machine->cpu_name[0] ? machine->cpu_name : "CPU");
    cli_json_text(json, "kind", "cpu");
    cli_json_open(json, "ladder", '[');
    for (size_t i = 0; i < machine->n_levels; i++) {
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "step", machine->levels[i].name);
        cli_json_bool(json, "ok", machine->levels[i].usable);
        cli_json_text(json, "why", machine->levels[i].why);
        cli_json_close(json);
    }
    cli_json_close(json);
    cli_json_text(json, "level_used", machine->level_used);
    cli_json_count(json, "cores", machine->n_cores);
    cli_json_count(json, "performance_cores", machine->n_performance_cores);
    cli_json_count(json, "threads", machine->n_threads);
    cli_json_count(json, "l1d_bytes", machine->l1d_bytes);
    cli_json_count(json, "l2_bytes", machine->l2_bytes);
    cli_json_count(json, "l3_bytes", machine->l3_bytes);
    cli_json_close(json);
}

static void print_json(cli_out *out, const ew_machine *machine) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_open(&json, "devices", '[');
    json_cpu(&json, machine);
    cli_json_close(&json);
    cli_json_count(&json, "memory_bytes", machine->memory_bytes);
    cli_json_count(&json, "memory_available_bytes", machine->memory_available_bytes);
    cli_json_close(&json);
    cli_json_end(&json);
}

static const char *known_size(uint64_t size_bytes, char buf[CLI_SIZE_TEXT]) {
    return size_bytes ? cli_size_text(size_bytes, buf) : "unknown";
}

static void print_text(cli_out *out, const ew_machine *machine) {
    char a[CLI_SIZE_TEXT], b[CLI_SIZE_TEXT], c[CLI_SIZE_TEXT];
    cli_out_styled(out, CLI_BOLD, machine->cpu_name[0] ? machine->cpu_name : "CPU");
    cli_out_printf(out, " (cpu)\n");
    cli_out_printf(out, "  cores    %u, of them %u performance cores; %u hardware threads\n",
                   machine->n_cores, machine->n_performance_cores, machine->n_threads);
    cli_out_printf(out, "  caches   L1d %s, L2 %s, L3 %s\n", known_size(machine->l1d_bytes, a),
                   known_size(machine->l2_bytes, b), known_size(machine->l3_bytes, c));
    cli_out_printf(out, "  memory   %s, available %s\n", known_size(machine->memory_bytes, a),
                   known_size(machine->memory_available_bytes, b));
    for (size_t i = 0; i < machine->n_levels; i++) {
        const ew_cpu_level *level = &machine->levels[i];
        bool used = strcmp(level->name, machine->level_used) == 0;
        cli_out_printf(out, "  %-8s ", level->name);
        cli_out_styled(out, level->usable ? CLI_GOOD : CLI_BAD, level->usable ? "yes" : "no");
        cli_out_printf(out, "%s%s%s\n", level->usable ? "" : ": ", level->why, used ? ", used" : "");
    }
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    devices_values values = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    ew_machine machine;
    ew_error err = {0};
    if (ew_machine_get(&machine, &err)) return cli_fail(&err);
    if (values.json)
        print_json(out, &machine);
    else
        print_text(out, &machine);
    return CLI_OK;
}

const cli_verb cli_verb_devices = {
    .name = "devices",
    .summary = "what this machine has, and what of it is used",
    .synopsis = "[--json]",
    .about =
        "Shows the processor, its caches and memory, and which levels of its instruction set can be used.\n"
        "EDGEWISE_CPU=scalar|avx2|avx512|vnni|amx (on Arm scalar|neon|dotprod|i8mm) caps the level.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
