/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge place`: which pGPU each VM of a stream of requests would go to in a described fleet, policy by policy. */
#include <errno.h>
#include "commands/place.h"
#include "report/report.h"

struct options {
    const char *fleet, *requests, *save, *out, *plot;
    char *policies; /* all --policy, joined by commas */
    unsigned long long seed;
    size_t arrivals; /* to generate; 0: read */
    double load;
    bool json;
};

enum { MOST_ARRIVALS = VG_REQUESTS_MAX / 2, MOST_POLICIES = 16 };

static bool take_generate(struct options *options, const char *value, struct vg_error *err)
{
    char *end;
    errno = 0;
    options->seed = strtoull(value, &end, 10);
    long long count = 0;
    bool good = errno == 0 && *value >= '0' && *value <= '9' && *end == ',' && vg_parse_int(end + 1, &count) &&
                count >= 1 && count <= MOST_ARRIVALS;
    options->arrivals = good ? (size_t)count : 0;
    if (good)
        return true;
    vg_autofree char *shown = vg_printable(value, strlen(value), 100);
    return vg_fail(err, VG_ERROR_INPUT,
                   "--generate takes SEED,COUNT with a count from 1 to %d, such as 7,1000000, not `%s`", MOST_ARRIVALS,
                   shown);
}

static bool take_load(struct options *options, const char *value, struct vg_error *err)
{
    if (vg_parse_real(value, &options->load) && options->load >= 0.01 && options->load <= 10)
        return true;
    vg_autofree char *shown = vg_printable(value, strlen(value), 100);
    return vg_fail(err, VG_ERROR_INPUT, "--load takes a number from 0.01 to 10 (1: as much as the fleet has), not `%s`",
                   shown);
}

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    switch (key) {
    case 'f':
        options->fleet = value;
        return true;
    case 'r':
        options->requests = value;
        return true;
    case 'g':
        return take_generate(options, value, err);
    case 'l':
        return take_load(options, value, err);
    case 's':
        options->save = value;
        return true;
    case 'p': {
        char *joined = options->policies ? vg_format("%s,%s", options->policies, value) : vg_strdup(value);
        free(options->policies);
        options->policies = joined;
        return true;
    }
    case 'o':
        options->out = value;
        return true;
    case 'P':
        options->plot = value;
        return true;
    default: /* j */
        options->json = true;
        return true;
    }
}

static void release(void *context)
{
    struct options *options = context;
    free(options->policies);
}

/* Without --policy: those that the stream gives something to look at. */
static bool has_a_use(const struct vg_placement_policy *policy, const struct vg_request_stream *stream)
{
    bool numa = false, named = false;
    for (size_t i = 0; i < stream->event_count && !(numa && named); i++) {
        numa = numa || stream->events[i].numa >= 0;
        named = named || stream->events[i].pgpu >= 0;
    }
    return (policy->locality == VG_LOCALITY_NONE || numa) && (!policy->named || named);
}

/* Each word of the list must select a policy. */
static bool check_policies(const char *list, struct vg_error *err)
{
    vg_autofree char *copy = vg_strdup(list);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ",")) != NULL;) {
        bool used = false;
        for (const struct vg_descriptor *d = NULL; !used && (d = vg_descriptor_next(VG_KIND_PLACEMENT, d)) != NULL;)
            used = vg_select(word + (*word == '!'), d->name);
        if (!used || !*word)
            return vg_descriptor_require(VG_KIND_PLACEMENT, word, err) != NULL;
    }
    return true;
}

static unsigned choose_policies(const struct options *options, const struct vg_request_stream *stream,
                                const struct vg_placement_policy **chosen)
{
    unsigned count = 0;
    for (const struct vg_descriptor *d = NULL; (d = vg_descriptor_next(VG_KIND_PLACEMENT, d)) != NULL;) {
        const struct vg_placement_policy *policy = (const struct vg_placement_policy *)d;
        if ((options->policies ? vg_select(options->policies, d->name) : has_a_use(policy, stream)) &&
            count < MOST_POLICIES)
            chosen[count++] = policy;
    }
    return count;
}

static bool plot(const char *path, const struct cmd_placing *placings, unsigned count, struct vg_error *err)
{
    struct vg_report_fleet_curve curves[MOST_POLICIES];
    for (unsigned i = 0; i < count; i++)
        curves[i] = (struct vg_report_fleet_curve) { .name = placings[i].policy->name,
                                                     .time_s = placings[i].time_s,
                                                     .utilisation = placings[i].utilisation,
                                                     .fragmentation = placings[i].fragmentation,
                                                     .count = placings[i].samples };
    return vg_report_fleet_plot(curves, count, path, err);
}

static bool place(const struct options *options, const struct vg_fleet_file *file, const struct vg_fleet *fleet,
                  const struct vg_request_stream *stream, struct vg_error *err)
{
    const struct vg_placement_policy *policies[MOST_POLICIES];
    unsigned count = choose_policies(options, stream, policies);
    if (!count)
        return vg_fail(err, VG_ERROR_INPUT, "--policy leaves none of the policies; `vgauge list policies` shows them");
    /* Said before the decisions, which may take a while. Appending nothing leaves a picture that is there as it is. */
    if (options->plot && !vg_check_output(options->plot, err))
        return vg_wrap(err, "cannot write the plot");
    bool aloud = vg_equal(options->out, "-");
    if (options->out && !aloud && !vg_check_output(options->out, err))
        return vg_wrap(err, "cannot write decisions");
    vg_autofile FILE *picture = options->plot ? fopen(options->plot, "ae") : NULL;
    if (options->plot && !picture) {
        int cause = errno;
        vg_autofree char *where = vg_printable(options->plot, strlen(options->plot), 300);
        return vg_fail_errno(err, VG_ERROR_INPUT, cause, "cannot write the plot to %s", where);
    }
    vg_autofile FILE *file_out = options->out && !aloud ? fopen(options->out, "we") : NULL;
    FILE *out = aloud ? stdout : file_out;
    vg_autofree char *shown =
        vg_printable(options->out ? options->out : "", options->out ? strlen(options->out) : 0, 300);
    if (options->out && !out)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot write decisions to %s", shown);
    if (out)
        fprintf(out, "policy,time_s,vm,type,pgpu,refusal\n");
    vg_autofree struct cmd_placing *placings = vg_calloc(count, sizeof(*placings));
    for (unsigned i = 0; i < count; i++)
        if (!cmd_place_run(&placings[i], policies[i], file, fleet, stream, out, err))
            return vg_wrap(err, "%s", shown);
    if (out && fflush(out) != 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write all decisions to %s", shown);
    if (options->plot && !plot(options->plot, placings, count, err))
        return false;
    if (options->json)
        cmd_print_json(cmd_place_to_json(placings, count, file, stream));
    else
        cmd_place_print(placings, count, file, stream, aloud ? stderr : stdout);
    return true;
}

static bool place_stream(const struct options *options, const struct vg_fleet_file *file, const struct vg_fleet *fleet,
                         struct vg_error *err)
{
    struct vg_request_stream stream = { 0 };
    if (options->requests ? !vg_requests_load(options->requests, file, &stream, err)
                          : !vg_requests_generate(fleet, options->seed, options->arrivals,
                                                  options->load > 0 ? options->load : 0.8, &stream, err))
        return false;
    bool good = (!options->save || vg_requests_save(options->save, file, &stream, err)) &&
                place(options, file, fleet, &stream, err);
    vg_requests_free(&stream);
    return good;
}

static bool check_usage(const struct options *options, struct vg_error *err)
{
    if (!options->fleet)
        return vg_fail(err, VG_ERROR_INPUT, "`vgauge place` needs --fleet=FILE (see `vgauge place --help`)");
    if (!options->requests == !options->arrivals)
        return vg_fail(err, VG_ERROR_INPUT, "`vgauge place` needs one of --requests=FILE and --generate=SEED,COUNT");
    if (options->json && vg_equal(options->out, "-"))
        return vg_fail(err, VG_ERROR_INPUT, "--json and --out=- both want standard output; give one of them a file");
    if (options->load > 0 && options->requests)
        return vg_fail(err, VG_ERROR_INPUT, "--load belongs to --generate; a stream from a file has its own load");
    return !options->policies || check_policies(options->policies, err);
}

static int run(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    const struct options *options = context;
    vg_autofree char *directory = check_usage(options, err) ? vg_catalog_directory(err) : NULL;
    size_t model_count;
    const char *const *models = vg_capacity_model_names(&model_count);
    struct vg_fleet_file *file =
        directory ? vg_fleet_file_load(directory, options->fleet, models, model_count, err) : NULL;
    if (!file)
        return -1;
    struct vg_fleet_memory memory;
    bool good = vg_fleet_build(file, &memory, err);
    if (good) {
        good = place_stream(options, file, &memory.fleet, err);
        vg_fleet_release(&memory);
    }
    vg_fleet_file_free(file);
    return good ? 0 : -1;
}

static const struct argp_option place_options[] = {
    { "fleet", 'f', "FILE", 0, "The fleet: a name from `vgauge list fleets`, or a YAML file", 0 },
    { "requests", 'r', "FILE", 0, "The stream of requests, as CSV", 0 },
    { "generate", 'g', "SEED,COUNT", 0, "Make a stream of COUNT arrivals instead; the same seed makes the same one",
      0 },
    { "load", 'l', "X", 0, "With --generate: how much of the fleet it asks for, 1 is all of it (default 0.8)", 0 },
    { "save", 's', "FILE", 0, "Write the stream that was used as CSV", 0 },
    { "policy", 'p', "LIST", 0, "Policies, comma-separated globs (default: all that the stream is of use to)", 0 },
    { "out", 'o', "FILE", 0, "Write every decision as CSV; `-`: to standard output, and the table to standard error",
      0 },
    { "plot", 'P', "FILE", 0, "Draw utilisation and fragmentation over time (SVG)", 0 },
    { "json", 'j', NULL, 0, "Print JSON instead of a table", 0 },
    { 0 },
};

const struct cmd_command cmd_place = {
    .name = "place",
    .summary = "decide a stream of requests over a fleet, policy by policy",
    .doc =
        "Places each VM of a stream of arrivals and departures in a fleet that a file describes, by each policy from "
        "an empty fleet, and compares what was refused and why, utilisation, fragmentation, and decisions per "
        "second on one core. Needs no GPU: capacity is what each driver documents (docs/placement.md).",
    .options = place_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = run,
    .release = release,
};
