/* SPDX-License-Identifier: MIT */
/* Reading /proc under a root, for the probes that look at processes. A file that vanishes or holds something else than
 * expected is "not there", never a crash: processes end while they are being read. */
#ifndef VG_PROCFS_H
#define VG_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCFS_COMM 64

struct procfs_stat {
    char comm[PROCFS_COMM]; /* as the kernel has it: any bytes */
    pid_t parent;
    uint64_t own_ticks;    /* user and system, of all its threads, also those that ended */
    uint64_t reaped_ticks; /* of children that it waited for */
    uint64_t start_ticks;  /* since the host started */
};

/* Opens root/path for reading; -1 with errno. */
int procfs_open(const char *root, const char *path, int flags);
/* The whole of a small file from its start, NUL-terminated, as read in one go; -1 if it is gone or empty. */
ssize_t procfs_read_fd(int fd, char *text, size_t size);
ssize_t procfs_read_at(int directory, const char *path, char *text, size_t size);

/* False if the text is not what this file looks like. */
bool procfs_parse_stat(const char *text, struct procfs_stat *stat);
bool procfs_parse_schedstat(const char *text, uint64_t *run_ns, uint64_t *wait_ns);
/* The last process number that was given out, from loadavg; 0 if unreadable. */
pid_t procfs_last_pid(const char *loadavg);
/* A directory's or list's entry that is a process number; 0 if it is none. */
pid_t procfs_parse_pid(const char *text);

uint64_t procfs_ticks_per_second(void);

#endif
