/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of the link protocol, one message at a time. A message is looked at in three steps: is it strict JSON with
 * exactly the documented members and types, does the state allow it, are its values in range. Only then anything
 * happens. */
#include "guest/link.h"

#include <inttypes.h>

/* Nothing that a tenant counts needs more; it also keeps sums of instants far from overflow. */
#define MAX_INTEGER (INT64_C(1) << 62)
/* jansson recurses on nested values, and no message nests deeper than an array in an object. */
#define MAX_DEPTH 2

enum member_type { MEMBER_END, MEMBER_INT, MEMBER_TEXT, MEMBER_NAME, MEMBER_ARRAY };
static const char *const member_types[] = {
    [MEMBER_INT] = "a whole number from 0 to 2^62",
    [MEMBER_TEXT] = "text of at most 1024 bytes",
    [MEMBER_NAME] = "a name ([a-z0-9][a-z0-9_.-]*, at most 64 bytes)",
    [MEMBER_ARRAY] = "an array",
};

struct member {
    const char *name;
    enum member_type type;
};

struct message {
    const char *type;
    struct member members[10];
    bool (*accept)(struct vg_link *link, const json_t *message, struct vg_error *err);
};

bool vg_link_name_ok(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
    return length > 0 && length <= VG_LINK_NAME_BYTES && !name[length] && !strchr("_.-", name[0]);
}

static int64_t number(const json_t *message, const char *name)
{
    return json_integer_value(json_object_get(message, name));
}

static const char *text(const json_t *message, const char *name)
{
    return json_string_value(json_object_get(message, name));
}

/* --- one function per message ---------------------------------------------------------------------------------------
 */

static bool accept_hello(struct vg_link *link, const json_t *message, struct vg_error *err)
{
    if (link->greeted)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant said hello twice");
    if (number(message, "protocol") != VG_LINK_PROTOCOL)
        return vg_fail(err, VG_ERROR_TENANT,
                       "the tenant's agent speaks protocol %" PRId64 " and this runner protocol %d; build the guest's "
                       "payload and the runner from the same version",
                       number(message, "protocol"), VG_LINK_PROTOCOL);
    if (number(message, "cpus") < 1 || number(message, "memory_bytes") < 1)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant says that it has no CPU or no memory");
    link->greeted = true;
    link->clock.last_guest_ns = number(message, "now_ns");
    if (link->events.hello)
        link->events.hello(link->context, message);
    return true;
}

static bool accept_pong(struct vg_link *link, const json_t *message, struct vg_error *err)
{
    return vg_link_pong(link, number(message, "id"), number(message, "now_ns"), err);
}

static bool accept_ready(struct vg_link *link, const json_t *message, struct vg_error *err)
{
    int64_t run = number(message, "run");
    struct vg_link_run *entry = vg_link_live_run(link, run, "ready", err);
    if (!entry)
        return false;
    if (entry->state != VG_RUN_STARTED)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent ready twice for run %" PRId64, run);
    entry->state = entry->released ? VG_RUN_GONE : VG_RUN_READY;
    if (link->events.ready)
        link->events.ready(link->context, (unsigned)run);
    return true;
}

static bool accept_fact(struct vg_link *link, const json_t *message, struct vg_error *err)
{
    int64_t run = number(message, "run");
    struct vg_link_run *entry = vg_link_live_run(link, run, "a fact", err);
    if (!entry)
        return false;
    const char *name = text(message, "name");
    unsigned at = 0;
    while (at < entry->fact_count && strcmp(entry->facts[at], name) != 0)
        at++;
    if (at == entry->fact_count) {
        if (entry->fact_count >= link->limits.facts_per_run)
            return vg_fail(err, VG_ERROR_TENANT, "the tenant sent more than %u facts for run %" PRId64,
                           link->limits.facts_per_run, run);
        vg_push(entry->facts, entry->fact_count) = vg_strdup(name);
    }
    if (link->events.fact)
        link->events.fact(link->context, (unsigned)run, name, text(message, "value"));
    return true;
}

static bool accept_mark(struct vg_link *link, const json_t *message, struct vg_error *err)
{
    int64_t run = number(message, "run");
    struct vg_link_run *entry = vg_link_live_run(link, run, "a mark", err);
    if (!entry || !vg_link_run_released(entry, run, "a mark", err))
        return false;
    int64_t at_ns = number(message, "at_ns");
    int64_t earliest, latest;
    vg_link_instants(link, entry, &earliest, &latest);
    if (at_ns < earliest || at_ns > latest)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent a mark from %s run %" PRId64 " (%" PRId64 " ns)",
                       at_ns > latest ? "the future of" : "before", run, at_ns);
    if (entry->marks >= link->limits.marks_per_run)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent more than %u marks for run %" PRId64,
                       link->limits.marks_per_run, run);
    entry->marks++;
    if (link->events.mark)
        link->events.mark(link->context, (unsigned)run, text(message, "name"), at_ns);
    return true;
}

static bool accept_samples(struct vg_link *link, const json_t *message, struct vg_error *err)
{
    struct vg_link_samples samples;
    return vg_link_samples_parse(link, message, &samples, err) && vg_link_samples_accept(link, &samples, err);
}

static bool accept_end(struct vg_link *link, const json_t *message, struct vg_error *err)
{
    static const char *const states[] = { "ok", "fail", "invalid", "skip", "error" };
    int64_t run = number(message, "run");
    struct vg_link_run *entry = vg_link_live_run(link, run, "an end", err);
    if (!entry)
        return false;
    const char *status = text(message, "status"), *why = text(message, "message");
    size_t known = 0;
    while (known < VG_COUNT(states) && strcmp(states[known], status) != 0)
        known++;
    if (known == VG_COUNT(states))
        return vg_fail(err, VG_ERROR_TENANT, "the tenant ended run %" PRId64 " with an unknown status", run);
    if (known == 0 && !vg_link_run_released(entry, run, "an ok", err))
        return false;
    if (known == 0 && *why)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant ended run %" PRId64 " with ok and a reason", run);
    entry->state = VG_RUN_ENDED;
    for (unsigned i = 0; i < entry->fact_count; i++)
        free(entry->facts[i]);
    free(entry->facts);
    entry->facts = NULL;
    entry->fact_count = 0;
    if (link->events.end)
        link->events.end(link->context, (unsigned)run, states[known], why);
    return true;
}

static const struct message messages[] = {
    { "hello",
      { { "protocol", MEMBER_INT },
        { "agent", MEMBER_TEXT },
        { "boot_id", MEMBER_TEXT },
        { "kernel", MEMBER_TEXT },
        { "machine", MEMBER_TEXT },
        { "os", MEMBER_TEXT },
        { "cpus", MEMBER_INT },
        { "memory_bytes", MEMBER_INT },
        { "now_ns", MEMBER_INT } },
      accept_hello },
    { "pong", { { "id", MEMBER_INT }, { "now_ns", MEMBER_INT } }, accept_pong },
    { "ready", { { "run", MEMBER_INT } }, accept_ready },
    { "fact", { { "run", MEMBER_INT }, { "name", MEMBER_NAME }, { "value", MEMBER_TEXT } }, accept_fact },
    { "mark", { { "run", MEMBER_INT }, { "name", MEMBER_NAME }, { "at_ns", MEMBER_INT } }, accept_mark },
    { "samples",
      { { "run", MEMBER_INT }, { "stream", MEMBER_NAME }, { "width", MEMBER_INT }, { "values", MEMBER_ARRAY } },
      accept_samples },
    { "end", { { "run", MEMBER_INT }, { "status", MEMBER_TEXT }, { "message", MEMBER_TEXT } }, accept_end },
};

/* --- what all messages share ----------------------------------------------------------------------------------------
 */

struct vg_link_run *vg_link_live_run(struct vg_link *link, int64_t run, const char *what, struct vg_error *err)
{
    if (run < 1 || run > link->run_count) {
        vg_fail(err, VG_ERROR_TENANT, "the tenant sent %s for run %" PRId64 ", which was never started", what, run);
        return NULL;
    }
    struct vg_link_run *entry = &link->runs[run - 1];
    if (entry->state == VG_RUN_ENDED) {
        vg_fail(err, VG_ERROR_TENANT, "the tenant sent %s for run %" PRId64 ", which has ended", what, run);
        return NULL;
    }
    return entry;
}

bool vg_link_run_released(const struct vg_link_run *entry, int64_t run, const char *what, struct vg_error *err)
{
    if (entry->state == VG_RUN_STARTED)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent %s for run %" PRId64 " before it was ready", what, run);
    if (!entry->released)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent %s for run %" PRId64 " from before the barrier", what,
                       run);
    return true;
}

static bool member_ok(const json_t *value, enum member_type type)
{
    switch (type) {
    case MEMBER_INT:
        return json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= MAX_INTEGER;
    case MEMBER_TEXT:
        return json_is_string(value) && json_string_length(value) <= VG_LINK_TEXT_BYTES;
    case MEMBER_NAME:
        return json_is_string(value) && vg_link_name_ok(json_string_value(value));
    case MEMBER_ARRAY:
        return json_is_array(value);
    case MEMBER_END:
        break;
    }
    return false;
}

static bool members_ok(const struct message *rule, json_t *message, struct vg_error *err)
{
    size_t count = 0;
    for (const struct member *member = rule->members; member->name; member++, count++) {
        const json_t *value = json_object_get(message, member->name);
        if (!value)
            return vg_fail(err, VG_ERROR_TENANT, "the tenant sent %s without `%s`", rule->type, member->name);
        if (!member_ok(value, member->type))
            return vg_fail(err, VG_ERROR_TENANT, "the tenant sent %s whose `%s` is not %s", rule->type, member->name,
                           member_types[member->type]);
    }
    if (json_object_size(message) != count + 1) /* and `type` */
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent %s with members that the protocol does not know",
                       rule->type);
    return true;
}

/* Brackets inside text do not nest. Text without an end hides the rest of the line here; jansson refuses it. */
static bool depth_ok(const char *line, size_t length)
{
    unsigned depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < length; i++) {
        if (in_text) {
            if (line[i] == '\\')
                i++;
            else if (line[i] == '"')
                in_text = false;
        } else if (line[i] == '"') {
            in_text = true;
        } else if (line[i] == '[' || line[i] == '{') {
            if (++depth > MAX_DEPTH)
                return false;
        } else if ((line[i] == ']' || line[i] == '}') && depth) {
            depth--;
        }
    }
    return true;
}

bool vg_link_message(struct vg_link *link, const char *line, size_t length, struct vg_error *err)
{
    struct vg_link_samples samples;
    if (link->greeted && vg_link_samples_scan(link, line, &samples))
        return vg_link_samples_accept(link, &samples, err);

    /* jansson takes a NUL byte for a blank in some places. */
    if (memchr(line, '\0', length))
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent a NUL byte");
    if (!depth_ok(line, length))
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent JSON that nests deeper than any message does");
    json_error_t error;
    vg_autojson json_t *message = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (!message) {
        vg_autofree char *shown = vg_printable(error.text, strlen(error.text), 200);
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent what is not JSON (column %d: %s)", error.column, shown);
    }
    const char *type = json_string_value(json_object_get(message, "type"));
    if (!type)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent JSON that is not an object with a `type`");
    size_t at = 0;
    while (at < VG_COUNT(messages) && strcmp(messages[at].type, type) != 0)
        at++;
    if (at == VG_COUNT(messages))
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent a message of an unknown type");
    if (!link->greeted && messages[at].accept != accept_hello)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent %s before hello", type);
    return members_ok(&messages[at], message, err) && messages[at].accept(link, message, err);
}
