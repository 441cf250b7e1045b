/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plan asks of a host, mechanism by mechanism: which tests are mandatory, which optional, how often each runs
 * and how long that takes, and what does not apply there. Worked out from the same schedule that a run follows. */
#include "commands/duties.h"

/* One test on one mechanism. */
struct duty {
    const struct vg_test *test;
    bool mandatory;
    unsigned points; /* of the matrix that the host offers */
    unsigned results, boots;
    double estimate_s;
    const char *skip; /* why it is not run at any of them; NULL: it is */
    bool withheld;
};

struct duties {
    struct duty *items;
    size_t count;
};

static struct duty *duty_of(struct duties *duties, const struct vg_test *test)
{
    for (size_t i = 0; i < duties->count; i++)
        if (duties->items[i].test == test)
            return &duties->items[i];
    vg_push(duties->items, duties->count) = (struct duty) { .test = test };
    return &duties->items[duties->count - 1];
}

/* Mandatory before optional before what does not apply; within each by name. */
static int by_weight(const void *left, const void *right)
{
    const struct duty *a = left, *b = right;
    int order = (a->results == 0) - (b->results == 0);
    if (order == 0)
        order = (int)b->mandatory - (int)a->mandatory;
    return order ? order : strcmp(a->test->id, b->test->id);
}

static struct duties collect(const struct cmd_duty_source *source, const struct vg_schedule *schedule,
                             const char *mechanism)
{
    struct duties duties = { 0 };
    for (unsigned i = 0; i < schedule->count; i++) {
        const struct vg_instance *instance = &schedule->items[i];
        if (!vg_equal(instance->mechanism, mechanism))
            continue;
        struct duty *duty = duty_of(&duties, instance->test);
        duty->mandatory = vg_plan_demands(source->plan, source->catalog, instance->test, mechanism);
        if (instance->skip) {
            duty->skip = instance->skip;
            duty->withheld = instance->withheld;
            continue;
        }
        duty->results++;
        duty->points += instance->boot == 1;
        duty->boots = instance->boot > duty->boots ? instance->boot : duty->boots;
        duty->estimate_s += vg_instance_estimate_s(instance, source->host);
    }
    if (duties.count)
        qsort(duties.items, duties.count, sizeof(*duties.items), by_weight);
    return duties;
}

static const char *word(const struct cmd_duty_source *source, const struct duty *duty)
{
    if (!duty->results && !duty->withheld)
        return "not applicable";
    return !source->plan->mandatory_count ? "in the plan" : duty->mandatory ? "mandatory" : "optional";
}

/* --- for people ------------------------------------------------------------------------------------------------- */

struct sum {
    unsigned tests, results;
    double estimate_s;
};

static void add(struct sum *sum, const struct duty *duty)
{
    sum->tests++;
    sum->results += duty->results;
    sum->estimate_s += duty->estimate_s;
}

static void print_sum(const char *what, const struct sum *sum)
{
    vg_autofree char *time = vg_duration_text(sum->estimate_s);
    if (!sum->tests)
        cmd_field(what, "none");
    else
        cmd_field(what, "%u test%s, %u result%s, about %s", sum->tests, sum->tests == 1 ? "" : "s", sum->results,
                  sum->results == 1 ? "" : "s", time);
}

static void print_mechanism(const struct cmd_duty_source *source, const char *mechanism, const struct duties *duties)
{
    static const char *const headers[] = { "TEST", "DUTY", "DECIDES", "POINTS", "BOOTS", "ESTIMATE", NULL };
    static const char *const other_headers[] = { "NOT RUN", "DUTY", "WHY", NULL };
    cmd_autotable struct cmd_table run = { .headers = headers }, others = { .headers = other_headers };
    struct sum mandatory = { 0 }, optional = { 0 };
    unsigned withheld = 0;
    for (size_t i = 0; i < duties->count; i++) {
        const struct duty *duty = &duties->items[i];
        if (!duty->results) {
            withheld += duty->mandatory && duty->withheld;
            cmd_table_add(&others, "%s", duty->test->id);
            cmd_table_add(&others, "%s", word(source, duty));
            cmd_table_add(&others, "%s", duty->skip);
            continue;
        }
        vg_autofree char *decides = cmd_words(&duty->test->requirements, "-");
        vg_autofree char *time = vg_duration_text(duty->estimate_s);
        add(duty->mandatory ? &mandatory : &optional, duty);
        cmd_table_add(&run, "%s", duty->test->id);
        cmd_table_add(&run, "%s", word(source, duty));
        cmd_table_add(&run, "%s", decides);
        cmd_table_add(&run, "%u", duty->points);
        cmd_table_add(&run, "%u", duty->boots);
        cmd_table_add(&run, "%s", time);
    }
    printf("\n%s on host %s\n", mechanism, source->host->name);
    if (source->plan->mandatory_count)
        print_sum("Mandatory", &mandatory);
    print_sum(source->plan->mandatory_count ? "Optional" : "Runs", &optional);
    if (withheld)
        cmd_field("Withheld", "%u mandatory test%s, without which no run of this host is certified", withheld,
                  withheld == 1 ? "" : "s");
    if (run.cell_count) {
        putchar('\n');
        cmd_table_print(&run, stdout);
    }
    if (others.cell_count) {
        putchar('\n');
        cmd_table_print(&others, stdout);
    }
}

/* --- for programs ----------------------------------------------------------------------------------------------- */

static json_t *mechanism_to_json(const struct cmd_duty_source *source, const char *mechanism,
                                 const struct duties *duties)
{
    json_t *object = vg_json_new_object(), *tests = vg_json_new_array();
    for (size_t i = 0; i < duties->count; i++) {
        const struct duty *duty = &duties->items[i];
        json_t *test = vg_json_new_object();
        vg_json_set_text(test, "test", duty->test->id);
        vg_json_set_text(test, "duty", word(source, duty));
        json_t *decides = vg_json_new_array();
        for (unsigned j = 0; j < duty->test->requirements.count; j++)
            vg_json_append(decides, json_string(duty->test->requirements.items[j]));
        vg_json_set(test, "decides", decides);
        vg_json_set_int(test, "points", duty->points);
        vg_json_set_int(test, "boots", duty->boots);
        vg_json_set_int(test, "results", duty->results);
        vg_json_set_real(test, "estimate_s", duty->estimate_s);
        if (!duty->results)
            vg_json_set_text(test, "why_not", duty->skip);
        vg_json_append(tests, test);
    }
    vg_json_set_text(object, "mechanism", mechanism);
    vg_json_set_text(object, "host", source->host->name);
    vg_json_set(object, "tests", tests);
    return object;
}

bool cmd_duties(const struct cmd_duty_source *source, json_t *list, struct vg_error *err)
{
    struct vg_schedule schedule;
    if (!vg_schedule_make(source->catalog, source->plan, source->host, NULL, source->mechanisms, &schedule, err))
        return false;
    for (unsigned i = 0; i < source->host->mechanism_count; i++) {
        const char *mechanism = source->host->mechanisms[i].name;
        if (!vg_select(source->mechanisms, mechanism))
            continue;
        struct duties duties = collect(source, &schedule, mechanism);
        if (list)
            vg_json_append(list, mechanism_to_json(source, mechanism, &duties));
        else
            print_mechanism(source, mechanism, &duties);
        free(duties.items);
    }
    vg_schedule_free(&schedule);
    return true;
}
