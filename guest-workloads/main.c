/* SPDX-License-Identifier: MIT */
/* vgauge-workload: starts one workload, for the agent (--run N, with the link on file descriptor 3) or for a person.
 * One process per workload: what it leaks, breaks or hangs ends with it. */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include "common/runtime.h"

#define LINK_FD 3

struct request {
    unsigned run; /* 0: standalone */
    bool list, help, show_rows;
};

static const char usage[] = "Usage: vgauge-workload NAME [param=value...] [--samples]\n"
                            "       vgauge-workload NAME --help\n"
                            "       vgauge-workload --list\n"
                            "\n"
                            "Runs one vgauge workload on this machine's GPU and prints what it measured.\n"
                            "\n"
                            "  --list      the workloads, one a line\n"
                            "  --samples   print every sample as CSV instead of percentiles\n"
                            "  --run N     started by vgauge-agent: speak the link protocol on file descriptor 3\n"
                            "  --help      this text; with NAME, the workload's parameters and columns\n";

/* Wrong words: to the agent if there is one, else to the person. */
static _Noreturn void refuse(const struct request *request, const char *text)
{
    if (request->run && fcntl(LINK_FD, F_GETFD) >= 0)
        vg_emit_end(LINK_FD, request->run, "error", text);
    else
        fprintf(stderr, "vgauge-workload: %s\n", text);
    exit(2);
}

static void list(void)
{
    const struct vg_descriptor *each = NULL;
    while ((each = vg_descriptor_next(VG_KIND_WORKLOAD, each)))
        printf("%-22s %s\n", each->name, each->summary);
}

static void describe(const struct vg_workload *workload)
{
    printf("%s: %s.\n%s.\n", workload->name, workload->summary, workload->why);
    for (const struct vg_param *param = workload->params; param && param->name; param++) {
        if (param == workload->params)
            printf("\nParameters\n");
        printf("  %-16s %s", param->name, param->summary);
        if (param->unit && !vg_equal(param->unit, "1"))
            printf(" [%s]", param->unit);
        if (param->choices)
            printf(" (%s)", param->choices);
        printf(param->def ? "; default %s\n" : "; must be given\n", param->def);
    }
    for (const struct vg_stream_spec *spec = workload->streams; spec && spec->name; spec++) {
        printf("\nStream %s: %s\n", spec->name, spec->summary);
        for (const struct vg_column *column = spec->columns; column->name; column++)
            printf("  %-16s %s [%s]\n", column->name, column->summary, column->unit);
    }
}

/* "name=value" into values[]; the error names the nearest parameter. */
static bool set_param(const struct vg_workload *workload, const char **values, const char *word, struct vg_error *err)
{
    const char *equals = strchr(word, '=');
    if (!equals)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is not of the form param=value", word);
    vg_autofree char *name = vg_format("%.*s", (int)(equals - word), word);
    const struct vg_param *param = vg_param_find((const struct vg_descriptor *)workload, name);
    if (!param) {
        vg_autofree const char **names = NULL;
        size_t count = 0;
        for (const struct vg_param *each = workload->params; each && each->name; each++)
            vg_push(names, count) = each->name;
        vg_autofree char *hint = vg_did_you_mean(name, names, count);
        return vg_fail(err, VG_ERROR_INPUT, "workload `%s` has no parameter `%s`%s", workload->name, name, hint);
    }
    if (!vg_param_check((const struct vg_descriptor *)workload, param, equals + 1, err))
        return false;
    values[param - workload->params] = equals + 1;
    return true;
}

static const char **read_params(const struct vg_workload *workload, char **words, struct vg_error *err)
{
    size_t count = 0;
    while (workload->params && workload->params[count].name)
        count++;
    const char **values = vg_calloc(count + 1, sizeof(*values));
    for (; *words; words++) {
        if (!set_param(workload, values, *words, err)) {
            free(values);
            return NULL;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (values[i])
            continue;
        values[i] = workload->params[i].def;
        if (!values[i]) {
            vg_fail(err, VG_ERROR_INPUT, "workload `%s` needs parameter `%s`: %s", workload->name,
                    workload->params[i].name, workload->params[i].summary);
            free(values);
            return NULL;
        }
    }
    return values;
}

static void read_options(int argc, char **argv, struct request *request)
{
    static const struct option options[] = {
        { "run", required_argument, NULL, 'r' }, { "list", no_argument, NULL, 'l' },
        { "samples", no_argument, NULL, 's' },   { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },   { 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        long long run;
        switch (option) {
        case 'r':
            if (!vg_parse_int(optarg, &run) || run < 1 || run > INT32_MAX)
                refuse(request, "--run needs a positive number");
            request->run = (unsigned)run;
            break;
        case 'l':
            request->list = true;
            break;
        case 's':
            request->show_rows = true;
            break;
        case 'h':
            request->help = true;
            break;
        case 'V':
            printf("vgauge-workload %s\n", VG_VERSION);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    struct request request = { 0 };
    read_options(argc, argv, &request);
    const char *name = argv[optind];
    if (request.list) {
        list();
        return 0;
    }
    if (!name) {
        fputs(usage, request.help ? stdout : stderr);
        return request.help ? 0 : 2;
    }
    struct vg_error err = { 0 };
    const struct vg_workload *workload =
        (const struct vg_workload *)vg_descriptor_require(VG_KIND_WORKLOAD, name, &err);
    if (!workload)
        refuse(&request, err.text);
    if (request.help) {
        describe(workload);
        return 0;
    }
    const char **values = read_params(workload, argv + optind + 1, &err);
    if (!values)
        refuse(&request, err.text);
    if (request.run && fcntl(LINK_FD, F_GETFD) < 0)
        refuse(&(struct request) { 0 }, "--run is for vgauge-agent: file descriptor 3 is not open");
    vg_workload_execute(workload, values, request.run, request.run ? LINK_FD : -1, request.show_rows);
}
