/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to record/: the journal read back. */
#ifndef VG_RECORD_JOURNAL_H
#define VG_RECORD_JOURNAL_H

#include "record/record.h"

struct rec_journal_entry {
    char *test, *instance; /* checked: plain names */
};
/* In the order of the file; no file is no entries, and a last line without its newline was cut by a crash. */
bool rec_journal_read(const char *run_directory, struct rec_journal_entry **entries, unsigned *count,
                      struct vg_error *err);
void rec_journal_free(struct rec_journal_entry *entries, unsigned count);

#endif
