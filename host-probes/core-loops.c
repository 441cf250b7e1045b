/* SPDX-License-Identifier: MIT */
/* The loops are compiled twice on x86, since software renderers compile their shaders for the best instructions that
 * the machine has. */
#include "core-loops.h"

#include <stdlib.h>
#include "base/base.h"

enum { VECTORS = 512, CHAINS = 12 }; /* 16 KiB per array; as many chains as hide an instruction's latency */

typedef uint32_t integers __attribute__((vector_size(32)));
typedef float reals __attribute__((vector_size(32)));

struct core_loop_data {
    reals a[VECTORS], b[VECTORS];
    integers array[VECTORS];
    integers chains[CHAINS];
};

#define KEEP(data) __asm__ volatile("" : : "r"(data) : "memory") /* else passes could be merged, or left out */

#define LOOPS(suffix, attribute)                                                                                       \
    attribute static void float_array_##suffix(struct core_loop_data *d, unsigned passes)                              \
    {                                                                                                                  \
        for (; passes > 0; passes--) {                                                                                 \
            for (size_t i = 0; i < VECTORS / 2; i++)                                                                   \
                d->a[i] = d->a[i] * 0.999f + d->b[i];                                                                  \
            KEEP(d);                                                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
    attribute static void integer_chains_##suffix(struct core_loop_data *d, unsigned passes)                           \
    {                                                                                                                  \
        for (; passes > 0; passes--)                                                                                   \
            for (size_t round = 0; round < 16; round++)                                                                \
                for (size_t i = 0; i < CHAINS; i++)                                                                    \
                    d->chains[i] = d->chains[i] * 1664525u + 1013904223u;                                              \
        KEEP(d);                                                                                                       \
    }                                                                                                                  \
    attribute static void integer_array_##suffix(struct core_loop_data *d, unsigned passes)                            \
    {                                                                                                                  \
        for (; passes > 0; passes--) {                                                                                 \
            for (size_t i = 0; i < VECTORS; i++)                                                                       \
                d->array[i] = d->array[i] * 1664525u + 1013904223u;                                                    \
            KEEP(d);                                                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
    static void (*const loops_##suffix[CORE_LOOPS])(struct core_loop_data *, unsigned) = {                             \
        [CORE_LOOP_FLOAT_ARRAY] = float_array_##suffix,                                                                \
        [CORE_LOOP_INTEGER_CHAINS] = integer_chains_##suffix,                                                          \
        [CORE_LOOP_INTEGER_ARRAY] = integer_array_##suffix,                                                            \
    };

LOOPS(plain, )
#ifdef __x86_64__
LOOPS(wide, __attribute__((target("avx2"))))
#endif

static bool has_wide(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

struct core_loop_data *core_loop_data_new(void)
{
    void *memory = NULL;
    if (posix_memalign(&memory, 64, sizeof(struct core_loop_data)) != 0)
        abort(); /* as every allocation of base/ */
    struct core_loop_data *data = memory;
    *data = (struct core_loop_data) { 0 };
    for (unsigned i = 0; i < VECTORS; i++) {
        for (unsigned lane = 0; lane < 8; lane++) { /* values that stay finite and never become denormal */
            data->a[i][lane] = (float)(i + lane + 1);
            data->b[i][lane] = 1.0f / (float)(i + 1);
            data->array[i][lane] = i * 8 + lane;
        }
    }
    return data;
}

void core_loop_data_free(struct core_loop_data *data)
{
    free(data);
}

void core_loop_run(struct core_loop_data *data, enum core_loop loop, unsigned passes)
{
#ifdef __x86_64__
    if (has_wide()) {
        loops_wide[loop](data, passes);
        return;
    }
#endif
    loops_plain[loop](data, passes);
}

const char *core_loop_instruction_set(void)
{
    return has_wide() ? "avx2" : "baseline";
}
