/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel says of a thread, whose name a guest may have chosen. */
#include "base/base.h"
#include "procfs.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    struct procfs_stat stat;
    uint64_t run_ns, wait_ns;
    if (procfs_parse_stat(text, &stat) && (stat.parent < 0 || strlen(stat.comm) >= PROCFS_COMM))
        abort();
    procfs_parse_schedstat(text, &run_ns, &wait_ns);
    if (procfs_last_pid(text) < 0 || procfs_parse_pid(text) < 0)
        abort();
    return 0;
}
