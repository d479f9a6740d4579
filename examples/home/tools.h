/* tools.h: the tools as a table. Made by tools.py: do not edit. */
#ifndef EXAMPLES_HOME_TOOLS_H
#define EXAMPLES_HOME_TOOLS_H

#include "calls.h"

/* clang-format off */
static const char *const room_choices[] = {"\"kitchen\"", "\"living room\"", "\"dining room\"", "\"bedroom\"",
    "\"kids room\"", "\"guest room\"", "\"bathroom\"", "\"hallway\"", "\"office\"", "\"garage\"",
    "\"garden\"", "\"basement\"", "\"attic\"", "\"all\"", NULL};

static const char *const state_choices[] = {"\"on\"", "\"off\"", NULL};

static const char *const colour_choices[] = {"\"red\"", "\"orange\"", "\"yellow\"", "\"green\"", "\"cyan\"",
    "\"blue\"", "\"purple\"", "\"pink\"", "\"white\"", "\"warm white\"", "\"cool white\"", NULL};

static const char *const change_choices[] = {"\"brighter\"", "\"dimmer\"", NULL};

static const char *const unit_choices[] = {"\"celsius\"", "\"fahrenheit\"", NULL};

static const char *const thermostat_adjust_change_choices[] = {"\"warmer\"", "\"cooler\"", NULL};

static const char *const appliance_choices[] = {"\"tv\"", "\"fan\"", "\"kettle\"", "\"coffee machine\"",
    "\"air purifier\"", "\"heating\"", "\"air conditioning\"", NULL};

static const char *const door_choices[] = {"\"front\"", "\"back\"", "\"side\"", "\"garage\"", "\"all\"",
    NULL};

static const char *const lock_set_state_choices[] = {"\"locked\"", "\"unlocked\"", NULL};

static const char *const all_choices[] = {"true", NULL};

static const char *const day_choices[] = {"\"today\"", "\"tomorrow\"", "\"monday\"", "\"tuesday\"",
    "\"wednesday\"", "\"thursday\"", "\"friday\"", "\"saturday\"", "\"sunday\"", "\"every day\"",
    "\"weekdays\"", "\"weekends\"", NULL};

static const char *const reminder_add_day_choices[] = {"\"today\"", "\"tomorrow\"", "\"monday\"",
    "\"tuesday\"", "\"wednesday\"", "\"thursday\"", "\"friday\"", "\"saturday\"", "\"sunday\"", NULL};

static const char *const list_choices[] = {"\"shopping\"", "\"todo\"", NULL};

static const char *const action_choices[] = {"\"pause\"", "\"resume\"", "\"next\"", "\"previous\"", NULL};

static const char *const volume_adjust_change_choices[] = {"\"up\"", "\"down\"", "\"mute\"", "\"unmute\"",
    NULL};

static const char *const weather_query_day_choices[] = {"\"today\"", "\"tomorrow\"", "\"monday\"",
    "\"tuesday\"", "\"wednesday\"", "\"thursday\"", "\"friday\"", "\"saturday\"", "\"sunday\"", "\"weekend\"",
    NULL};

static const char *const ask_choices[] = {"\"time\"", "\"date\"", NULL};

static const tool_arg light_set_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"state", TOOL_CHOICE, false, 0, 0, state_choices},
    {"brightness", TOOL_INTEGER, false, 10, 1000, NULL},
    {"colour", TOOL_CHOICE, false, 0, 0, colour_choices},
};

static const tool_arg light_adjust_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"change", TOOL_CHOICE, true, 0, 0, change_choices},
    {"points", TOOL_INTEGER, false, 10, 1000, NULL},
};

static const tool_arg thermostat_set_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"temperature", TOOL_NUMBER, true, 50, 950, NULL},
    {"unit", TOOL_CHOICE, false, 0, 0, unit_choices},
};

static const tool_arg thermostat_adjust_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"change", TOOL_CHOICE, true, 0, 0, thermostat_adjust_change_choices},
    {"degrees", TOOL_NUMBER, false, 5, 200, NULL},
};

static const tool_arg appliance_switch_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"appliance", TOOL_CHOICE, true, 0, 0, appliance_choices},
    {"state", TOOL_CHOICE, true, 0, 0, state_choices},
};

static const tool_arg blinds_set_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"position", TOOL_INTEGER, true, 0, 1000, NULL},
};

static const tool_arg lock_set_args[] = {
    {"door", TOOL_CHOICE, false, 0, 0, door_choices},
    {"state", TOOL_CHOICE, true, 0, 0, lock_set_state_choices},
};

static const tool_arg timer_set_args[] = {
    {"seconds", TOOL_INTEGER, true, 10, 864000, NULL},
    {"label", TOOL_WORDS, false, 0, 0, NULL},
};

static const tool_arg timer_cancel_args[] = {
    {"label", TOOL_WORDS, false, 0, 0, NULL},
    {"all", TOOL_CHOICE, false, 0, 0, all_choices},
};

static const tool_arg timer_query_args[] = {
    {"label", TOOL_WORDS, false, 0, 0, NULL},
};

static const tool_arg alarm_set_args[] = {
    {"time", TOOL_TIME, true, 0, 0, NULL},
    {"day", TOOL_CHOICE, false, 0, 0, day_choices},
};

static const tool_arg alarm_cancel_args[] = {
    {"time", TOOL_TIME, false, 0, 0, NULL},
    {"day", TOOL_CHOICE, false, 0, 0, day_choices},
    {"all", TOOL_CHOICE, false, 0, 0, all_choices},
};

static const tool_arg reminder_add_args[] = {
    {"text", TOOL_WORDS, true, 0, 0, NULL},
    {"day", TOOL_CHOICE, false, 0, 0, reminder_add_day_choices},
    {"time", TOOL_TIME, false, 0, 0, NULL},
    {"seconds", TOOL_INTEGER, false, 10, 864000, NULL},
};

static const tool_arg list_add_args[] = {
    {"list", TOOL_CHOICE, true, 0, 0, list_choices},
    {"items", TOOL_WORDS_LIST, true, 0, 0, NULL},
};

static const tool_arg list_remove_args[] = {
    {"list", TOOL_CHOICE, true, 0, 0, list_choices},
    {"items", TOOL_WORDS_LIST, false, 0, 0, NULL},
};

static const tool_arg list_show_args[] = {
    {"list", TOOL_CHOICE, true, 0, 0, list_choices},
};

static const tool_arg media_play_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"what", TOOL_WORDS, true, 0, 0, NULL},
};

static const tool_arg media_control_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"action", TOOL_CHOICE, true, 0, 0, action_choices},
};

static const tool_arg volume_set_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"level", TOOL_INTEGER, true, 0, 1000, NULL},
};

static const tool_arg volume_adjust_args[] = {
    {"room", TOOL_CHOICE, false, 0, 0, room_choices},
    {"change", TOOL_CHOICE, true, 0, 0, volume_adjust_change_choices},
    {"points", TOOL_INTEGER, false, 10, 1000, NULL},
};

static const tool_arg weather_query_args[] = {
    {"place", TOOL_WORDS, false, 0, 0, NULL},
    {"day", TOOL_CHOICE, false, 0, 0, weather_query_day_choices},
};

static const tool_arg clock_query_args[] = {
    {"ask", TOOL_CHOICE, true, 0, 0, ask_choices},
    {"place", TOOL_WORDS, false, 0, 0, NULL},
};

static const tool tools[] = {
    {"light_set", light_set_args, 4},
    {"light_adjust", light_adjust_args, 3},
    {"thermostat_set", thermostat_set_args, 3},
    {"thermostat_adjust", thermostat_adjust_args, 3},
    {"appliance_switch", appliance_switch_args, 3},
    {"blinds_set", blinds_set_args, 2},
    {"lock_set", lock_set_args, 2},
    {"timer_set", timer_set_args, 2},
    {"timer_cancel", timer_cancel_args, 2},
    {"timer_query", timer_query_args, 1},
    {"alarm_set", alarm_set_args, 2},
    {"alarm_cancel", alarm_cancel_args, 3},
    {"reminder_add", reminder_add_args, 4},
    {"list_add", list_add_args, 2},
    {"list_remove", list_remove_args, 2},
    {"list_show", list_show_args, 1},
    {"media_play", media_play_args, 2},
    {"media_control", media_control_args, 2},
    {"volume_set", volume_set_args, 2},
    {"volume_adjust", volume_adjust_args, 3},
    {"weather_query", weather_query_args, 2},
    {"clock_query", clock_query_args, 2},
};

/* clang-format on */

#endif
