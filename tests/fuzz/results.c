/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run directory from elsewhere: run.json, the journal, one verdict and one instance's measurements with a file of
 * samples, one after the other in the input with a byte 0 between them. What is read of it is gathered into
 * results.json. */
#include <sys/stat.h>
#include "record/record.h"
#include "support/file.h"
#include "support/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    static const char *const names[] = { "run.json", "journal.jsonl", "tests/t/i/verdict.json",
                                         "tests/t/i/measurements.json", "tests/t/i/s.csv" };
    struct vg_error err = { 0 };
    const char *place = fuzz_place();
    vg_autofree char *instance = vg_format("%s/tests/t/i", place);
    if (!vg_make_directories(instance, &err))
        abort();
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        const unsigned char *zero = memchr(bytes, 0, length);
        size_t piece = zero ? (size_t)(zero - bytes) : length;
        fuzz_write(names[i], bytes, piece);
        bytes += piece + (zero != NULL);
        length -= piece + (zero != NULL);
    }
    struct vg_results *results = vg_results_gather(place, &err);
    fuzz_expect(results, &err);
    if (results) {
        if (!vg_results_save(results, &err))
            abort();
        vg_results_free(results);
    }
    err = (struct vg_error) { 0 };
    struct vg_measurements *measurements = vg_measurements_load(instance, &err);
    fuzz_expect(measurements, &err);
    for (unsigned i = 0; measurements && i < measurements->phase_count; i++)
        for (unsigned j = 0; j < measurements->phases[i].run_count; j++)
            for (unsigned k = 0; k < measurements->phases[i].runs[j].stream_count; k++) {
                struct vg_samples samples;
                struct vg_error bad = { 0 };
                if (vg_samples_load(instance, &measurements->phases[i].runs[j].streams[k], &samples, &bad))
                    vg_samples_free(&samples);
            }
    if (measurements)
        vg_measurements_free(measurements);
    return 0;
}
