/* SPDX-License-Identifier: MIT */
/* What every process of the tenant is doing, onto the console, for a phase that did not end: where a thread sleeps in
 * the kernel tells a wait for the GPU from one for the runner. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/agent.h"

enum { THREADS_MAX = 48, STACK_LINES = 10, LINE_MAX_BYTES = 120 };

/* At most so many lines of a small file, each after `indent`; nothing if it cannot be read. */
static void show(const char *path, const char *indent, unsigned lines)
{
    char line[512];
    FILE *file = fopen(path, "re");
    while (file && lines-- > 0 && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        vg_autofree char *shown = vg_printable(line, strlen(line), LINE_MAX_BYTES);
        if (*shown)
            fprintf(stderr, "%s%s\n", indent, shown);
    }
    if (file)
        fclose(file);
}

static void show_thread(const char *process, const char *thread)
{
    static const struct {
        const char *file, *indent;
        unsigned lines;
    } parts[] = { { "comm", "  ", 1 },
                  { "wchan", "    sleeps in ", 1 },
                  { "syscall", "    system call ", 1 },
                  { "stack", "    ", STACK_LINES } };
    fprintf(stderr, "vgauge-agent: process %s thread %s\n", process, thread);
    for (size_t i = 0; i < VG_COUNT(parts); i++) {
        vg_autofree char *path = vg_format("/proc/%s/task/%s/%s", process, thread, parts[i].file);
        show(path, parts[i].indent, parts[i].lines);
    }
}

/* No thread of the kernel. By its flags and not by its command line: a process that hangs in its exit has none left,
 * and is just what somebody looks for. PF_KTHREAD is include/linux/sched.h's; flags are field 9 of /proc/PID/stat
 * (proc(5)). */
static bool is_program(const char *process)
{
    enum { PF_KTHREAD = 0x00200000 };
    char text[512];
    unsigned flags = PF_KTHREAD;
    vg_autofree char *path = vg_format("/proc/%s/stat", process);
    FILE *file = fopen(path, "re");
    const char *name_end = file && fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
    if (name_end && sscanf(name_end, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
        flags = PF_KTHREAD;
    if (file)
        fclose(file);
    return !(flags & PF_KTHREAD);
}

void vg_agent_diagnose(void)
{
    unsigned shown = 0;
    vg_autodir DIR *processes = opendir("/proc");
    for (struct dirent *process; processes && (process = readdir(processes)) != NULL;) {
        if (!isdigit((unsigned char)process->d_name[0]) || !is_program(process->d_name))
            continue;
        vg_autofree char *tasks = vg_format("/proc/%s/task", process->d_name);
        vg_autodir DIR *threads = opendir(tasks);
        for (struct dirent *thread; threads && (thread = readdir(threads)) != NULL && shown < THREADS_MAX;) {
            if (!isdigit((unsigned char)thread->d_name[0]))
                continue;
            show_thread(process->d_name, thread->d_name);
            shown++;
        }
    }
    show("/proc/meminfo", "vgauge-agent: ", 3);
    fflush(stderr);
}
