/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to history/: changes that the database knows, and those that were found now. */
#ifndef VG_HISTORY_KNOWN_H
#define VG_HISTORY_KNOWN_H

#include "history/internal.h"

/* Appends a copy to the trend's changes, with its direction and what changed beside it. */
void hist_add_change(const struct vg_trends *trends, struct vg_trend *trend, const struct vg_changepoint *change);

/* Gives the changes of the trends the ids, states and notes that the database has for them, and adds those that are
 * only in the database. save: writes what is new, updates what moved, forgets what was only detected and is gone.
 * Inside a transaction of the caller's. */
bool hist_merge_known(struct vg_history *history, struct vg_trends *trends, bool save, struct vg_error *err);
/* As vg_history_mark, inside a transaction of the caller's. A NULL note keeps the one that is there. */
bool hist_set_state(struct vg_history *history, int64_t id, enum vg_trend_state state, const char *author,
                    const char *note, struct vg_error *err);

#endif
