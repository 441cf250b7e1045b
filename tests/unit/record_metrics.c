/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs become series of one value per boot per metric. */
#include "support/judged_run.h"

static const char venus[] = "virtio-venus.full.equal-share";

static void boot(struct vg_run *run, unsigned number, enum vg_verdict verdict, double p50)
{
    struct vg_judgement *judgement = judged("dsub", venus, number, verdict);
    judged_value(judgement, "empty.p50", p50, 0.05);
    judged_value(judgement, "empty.count", 10000, 0);
    judged_save(run, judgement);
}

static bool add(struct vg_metrics *metrics, const struct vg_run *run, struct vg_error *err)
{
    struct vg_results *results = vg_results_gather(run->directory, err);
    assert_good(results, *err);
    bool good = vg_metrics_add(metrics, results, err);
    vg_results_free(results);
    return good;
}

static void a_boot_is_one_value(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *parent = scratch_directory();
    struct vg_run *run = judged_run(parent), *more = judged_run(parent);
    struct vg_metrics metrics = { 0 };
    judged_test(run, "dsub", 10);
    judged_test(more, "dsub", 10);
    boot(run, 1, VG_PASS, 100);
    boot(run, 2, VG_FAIL, 200); /* too slow is still a number */
    boot(run, 3, VG_INVALID, 5);
    boot(run, 4, VG_PASS, NAN);
    judged_save(run, judged("dsub", venus, 5, VG_LOST)); /* nothing was analysed */
    judged_save(run, judged("dsub", "native.full.none", 1, VG_SKIP));
    boot(more, 1, VG_FINDING, 300);
    assert_good(add(&metrics, run, &err) && add(&metrics, more, &err), err);
    assert_int_equal(metrics.count, 2);
    assert_int_equal(metrics.runs, 2);
    const struct vg_metric_series *series =
        vg_metric_series_find(&metrics, "dsub/virtio-venus.full.equal-share/empty.p50");
    assert_non_null(series);
    assert_string_equal(series->test, "dsub");
    assert_string_equal(series->configuration, venus);
    assert_string_equal(series->metric, "empty.p50");
    assert_string_equal(series->unit, "ns");
    assert_string_equal(series->better, "lower");
    assert_true(series->min_effect == 0.05);
    assert_int_equal(series->value_count, 3);
    assert_int_equal(series->missing, 3);
    static const struct vg_boot_value wanted[] = { { 100, 1, 0 }, { 200, 2, 0 }, { 300, 1, 1 } };
    for (unsigned i = 0; i < VG_COUNT(wanted); i++) {
        assert_true(series->values[i].value == wanted[i].value);
        assert_int_equal(series->values[i].boot, wanted[i].boot);
        assert_int_equal(series->values[i].run, wanted[i].run);
    }
    assert_null(vg_metric_series_find(&metrics, "dsub/virtio-venus.full.equal-share/empty"));
    vg_metrics_free(&metrics);
    vg_run_free(run);
    vg_run_free(more);
    scratch_remove(parent);
}

static void runs_of_another_kind_are_refused(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *parent = scratch_directory();
    struct vg_run *run = judged_run(parent), *longer = judged_run(parent), *other = judged_run(parent);
    struct vg_metrics metrics = { 0 };
    judged_test(run, "dsub", 10);
    judged_test(longer, "dsub", 11);
    judged_test(other, "dsub", 10);
    boot(run, 1, VG_PASS, 100);
    boot(longer, 1, VG_PASS, 100);
    struct vg_judgement *judgement = judged("dsub", venus, 1, VG_PASS);
    judged_value(judgement, "empty.p50", 100, 0.10);
    judged_save(other, judgement);
    assert_good(add(&metrics, run, &err), err);
    assert_false(add(&metrics, longer, &err));
    assert_non_null(strstr(err.text, "other parameters"));
    assert_false(add(&metrics, other, &err));
    assert_non_null(strstr(err.text, "practical threshold"));
    assert_int_equal(err.kind, VG_ERROR_INPUT);
    vg_metrics_free(&metrics);
    vg_run_free(run);
    vg_run_free(longer);
    vg_run_free(other);
    scratch_remove(parent);
}

static void digests_are_those_of_the_standard(void **state)
{
    (void)state;
    vg_autofree char *abc = vg_digest("abc", 3); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(abc, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    vg_autojson json_t *left = json_pack("{s:i, s:[f]}", "a", 1, "b", 0.1);
    vg_autojson json_t *right = json_pack("{s:[f], s:i}", "b", 0.1, "a", 1);
    vg_autofree char *one = vg_digest_json(left), *two = vg_digest_json(right);
    assert_string_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boot_is_one_value),
        cmocka_unit_test(runs_of_another_kind_are_refused),
        cmocka_unit_test(digests_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
