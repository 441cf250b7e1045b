/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judged again: every verdict of a run must be the one that the judge makes of its raw samples, and made of them when
 * it was run. */
#include "certify/internal.h"

#include <errno.h>

#include "judge/judge.h"

VG_DEFINE_CLEANUP(cleanup_test, struct vg_test *, vg_test_free)
VG_DEFINE_CLEANUP(cleanup_measurements, struct vg_measurements *, vg_measurements_free)
VG_DEFINE_CLEANUP(cleanup_judgement, struct vg_judgement *, vg_judgement_free)

/* What an instance says of itself must be what its name says. */
static bool same_instance(const struct vg_measurements *m, const struct vg_judgement *judgement, struct vg_error *err)
{
    if (!vg_equal(m->test, judgement->test) || !vg_equal(m->instance, judgement->instance))
        return vg_fail(err, VG_ERROR_INPUT, "its measurements belong to another place: %s/%s", m->test, m->instance);
    vg_autofree char *name = vg_format("%s.%s.%s.boot-%u", m->mechanism, m->profile ? m->profile : "",
                                       m->policy && *m->policy ? m->policy : "none", m->boot);
    return vg_equal(name, m->instance) || vg_fail(err, VG_ERROR_INPUT, "its measurements are of %s", name);
}

/* Lines below the head. Not every file is read by a judge of its test: what is there is to be whole all the same. */
static bool rows_of(const char *path, uint64_t *rows, struct vg_error *err)
{
    enum { PIECE_BYTES = 1 << 18 };
    vg_autofile FILE *file = fopen(path, "re");
    if (!file)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot read %s", path);
    vg_autofree char *piece = vg_calloc(1, PIECE_BYTES);
    uint64_t lines = 0;
    for (size_t got; (got = fread(piece, 1, PIECE_BYTES, file)) > 0;)
        for (const char *at = piece; (at = memchr(at, '\n', got - (size_t)(at - piece))) != NULL; at++)
            lines++;
    *rows = lines ? lines - 1 : 0;
    return !ferror(file) || vg_fail(err, VG_ERROR_INPUT, "cannot read %s", path);
}

static bool present(const struct vg_measurements *m, const struct vg_measured_stream *streams, unsigned count,
                    json_t *named, uint64_t *samples, struct vg_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *path = vg_format("%s/%s", m->directory, streams[i].file);
        if (!vg_exists(path) && !streams[i].rows)
            continue; /* a probe that saw nothing writes no file */
        if (!vg_exists(path))
            return vg_fail(err, VG_ERROR_INPUT, "its raw samples %s are missing", streams[i].file);
        uint64_t rows = 0;
        if (!rows_of(path, &rows, err))
            return false;
        if (rows != streams[i].rows)
            return vg_fail(err, VG_ERROR_INPUT, "%s has %llu rows, and measurements.json says %llu", streams[i].file,
                           (unsigned long long)rows, (unsigned long long)streams[i].rows);
        vg_json_set_bool(named, streams[i].file, true);
        *samples += streams[i].rows;
    }
    return true;
}

/* Its raw samples are all there, and no others. */
static bool samples_complete(const struct vg_measurements *m, uint64_t *samples, struct vg_error *err)
{
    vg_autojson json_t *named = vg_json_new_object();
    for (unsigned i = 0; i < m->phase_count; i++)
        for (unsigned j = 0; j < m->phases[i].run_count; j++)
            if (!present(m, m->phases[i].runs[j].streams, m->phases[i].runs[j].stream_count, named, samples, err))
                return false;
    for (unsigned i = 0; i < m->probe_count; i++)
        if (!present(m, m->probes[i].streams, m->probes[i].stream_count, named, samples, err))
            return false;
    vg_autodir DIR *directory = opendir(m->directory);
    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry; entry = readdir(directory)) {
        const char *ending = strrchr(entry->d_name, '.');
        vg_autofree char *shown = vg_printable(entry->d_name, strlen(entry->d_name), 200);
        if (vg_equal(ending, ".csv") && !json_object_get(named, entry->d_name))
            return vg_fail(err, VG_ERROR_INPUT, "%s are samples that its measurements do not name", shown);
    }
    return true;
}

/* Two results cannot have begun at the same nanosecond: one is a copy of the other, a boot that passed put in the place
 * of one that did not. begun: instant -> where. */
static bool is_no_copy(const struct vg_measurements *m, const struct vg_judgement *judgement, json_t *begun,
                       struct vg_error *err)
{
    if (!m->phase_count)
        return true;
    vg_autofree char *instant = vg_format("%lld", (long long)m->phases[0].start_host_ns);
    const char *other = json_string_value(json_object_get(begun, instant));
    if (other)
        return vg_fail(err, VG_ERROR_INPUT, "it was measured at the same nanosecond as %s: one is a copy", other);
    vg_json_set_text(begun, instant, judgement->directory);
    return true;
}

static bool judge_again(const struct vg_results *results, const struct vg_test *test,
                        const struct vg_judgement *judgement, const struct vg_host *host, json_t *begun,
                        uint64_t *samples, struct vg_error *err)
{
    vg_autofree char *directory = vg_format("%s/%s", results->run->directory, judgement->directory);
    VG_CLEANUP(cleanup_measurements) struct vg_measurements *m = vg_measurements_load(directory, err);
    if (!m || !same_instance(m, judgement, err) || !cert_as_asked(test, m, host, err) ||
        !is_no_copy(m, judgement, begun, err) || !samples_complete(m, samples, err))
        return false;
    vg_judge_note_environment(results->run, m);
    VG_CLEANUP(cleanup_judgement) struct vg_judgement *again = vg_judge(test, m, err);
    if (!again)
        return false;
    vg_autojson json_t *found = vg_judgement_to_json(judgement), *expected = vg_judgement_to_json(again);
    if (judgement->verdict != again->verdict)
        return vg_fail(err, VG_ERROR_INPUT, "its verdict is `%s`, and `%s` follows from its samples%s%s",
                       vg_verdict_name(judgement->verdict), vg_verdict_name(again->verdict),
                       again->reason_count ? ": " : "", again->reason_count ? again->reasons[0] : "");
    vg_autofree char *difference = cert_difference(found, expected);
    return !difference ||
           vg_fail(err, VG_ERROR_INPUT, "its verdict.json does not follow from its samples: %s", difference);
}

bool cert_follows(const char *run_directory, const struct vg_results *results, const struct vg_suite *suite,
                  uint64_t *samples, void (*progress)(const char *what), struct vg_error *err)
{
    VG_CLEANUP(cleanup_test) struct vg_test *test = NULL;
    struct cert_planned planned VG_CLEANUP(cert_planned_free);
    vg_autojson json_t *begun = vg_json_new_object();
    *samples = 0;
    if (!cert_plan(results->run, suite, &planned, err))
        return false;
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        if (progress && i % 16 == 0) {
            vg_autofree char *what = vg_format("judging again: %u of %u", i + 1, results->count);
            progress(what);
        }
        if (!test || !vg_equal(test->id, judgement->test)) {
            vg_test_free(test);
            test = vg_run_load_test(run_directory, judgement->test, err);
        }
        if (!test || !judge_again(results, test, judgement, planned.host, begun, samples, err)) {
            cert_without_directory(results->run->directory, err);
            return vg_wrap(err, "%s", judgement->directory);
        }
    }
    return cert_journalled(results, err);
}
