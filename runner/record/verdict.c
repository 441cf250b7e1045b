/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the verdicts and of the comparisons behind them, and which of two verdicts is worse. */
#include "record/record.h"

static const char *const names[] = {
    [VG_PASS] = "pass",       [VG_FAIL] = "fail", [VG_SKIP] = "skip",       [VG_INVALID] = "invalid",
    [VG_FINDING] = "finding", [VG_LOST] = "lost", [VG_TIMEOUT] = "timeout",
};

const char *vg_verdict_name(enum vg_verdict verdict)
{
    return names[verdict];
}

bool vg_verdict_parse(const char *name, enum vg_verdict *verdict)
{
    for (unsigned i = 0; i < VG_COUNT(names); i++) {
        if (vg_equal(names[i], name)) {
            *verdict = (enum vg_verdict)i;
            return true;
        }
    }
    return false;
}

enum vg_verdict vg_verdict_worst(enum vg_verdict a, enum vg_verdict b)
{
    static const int badness[] = {
        [VG_SKIP] = 0,    [VG_PASS] = 1, [VG_FINDING] = 2, [VG_INVALID] = 3,
        [VG_TIMEOUT] = 4, [VG_LOST] = 5, [VG_FAIL] = 6,
    };
    return badness[a] >= badness[b] ? a : b;
}

const char *vg_operator_words(const char *op)
{
    static const struct {
        const char *op, *words;
    } words[] = {
        { "<=", "at most" }, { ">=", "at least" }, { "<", "less than" }, { ">", "more than" }, { "==", "exactly" },
    };
    for (unsigned i = 0; i < VG_COUNT(words); i++)
        if (vg_equal(words[i].op, op))
            return words[i].words;
    return op;
}
