/* SPDX-License-Identifier: MIT */
/* Sends numbered samples at a stated rate and does nothing else: what the link, the runner and its disk take in without
 * losing one. */
#include "common/workload.h"

/* Rows go out in batches, as those of the other workloads do. */
enum { BATCHES_PER_SECOND = 50, RATE_MAX = 1000000, ROOM_ROWS = RATE_MAX / BATCHES_PER_SECOND };

static void run(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "numbers", ROOM_ROWS);
    int64_t rate = vg_w_int(context, "rate"), total = rate * vg_w_int(context, "seconds"), sent = 0;
    int64_t start_ns = vg_w_barrier(context);
    for (int64_t batch = 1; sent < total && !vg_w_should_stop(context); batch++) {
        int64_t due = rate * batch / BATCHES_PER_SECOND;
        vg_sleep_ns(start_ns + batch * (VG_NS_PER_S / BATCHES_PER_SECOND) - vg_now_ns());
        for (due = due < total ? due : total; sent < due; sent++) {
            int64_t row[] = { vg_now_ns(), sent };
            vg_w_push(stream, row);
        }
        vg_w_flush(stream);
    }
    /* The tenant may be too slow for its own rate: then it is late, and the host has nothing to do with it. */
    vg_w_fact_int(context, "sent_rows", sent);
    vg_w_fact_int(context, "took_ns", vg_now_ns() - start_ns);
}

VG_WORKLOAD(sample_stream) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "sample-stream",
    .summary = "sends numbered samples at a stated rate, and does nothing else",
    .why = "a sample that gets lost on its way is missing in every figure; here each one lost can be seen",
    .needs = VG_NEED_NONE,
    .params = VG_PARAMS { { .name = "rate",
                            .type = VG_INT,
                            .def = "25000",
                            .min = BATCHES_PER_SECOND,
                            .max = RATE_MAX,
                            .unit = "1/s",
                            .summary = "samples per second" },
                          { .name = "seconds",
                            .type = VG_INT,
                            .def = "10",
                            .min = 1,
                            .max = 900,
                            .unit = "s",
                            .summary = "how long" },
                          { 0 } },
    .streams = VG_STREAMS { { .name = "numbers",
                              .summary = "one row per sample",
                              .columns = VG_COLUMNS { { "at", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "when it was made" },
                                                      { "number", "1", VG_COLUMN_COUNT, VG_NEITHER, 0,
                                                        "how many were made before it" },
                                                      { 0 } } },
                            { 0 } },
    .run = run,
};
