/* SPDX-License-Identifier: MIT */
/* Messages for people on stderr. Results go to stdout, never through here. */
#ifndef VG_BASE_LOG_H
#define VG_BASE_LOG_H

#include <stdbool.h>

enum vg_log_level { VG_LOG_ERROR, VG_LOG_WARN, VG_LOG_INFO, VG_LOG_DEBUG };

void vg_log_set_level(enum vg_log_level level); /* default: VG_LOG_WARN */
void vg_log(enum vg_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define vg_warn(...)  vg_log(VG_LOG_WARN, __VA_ARGS__)
#define vg_info(...)  vg_log(VG_LOG_INFO, __VA_ARGS__)
#define vg_debug(...) vg_log(VG_LOG_DEBUG, __VA_ARGS__)

/* A hook that is called before a message is printed, so that a live progress line can be cleared first. */
void vg_log_set_hook(void (*before_message)(void));

#endif
