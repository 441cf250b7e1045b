/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a test's raw data is, and the command that repeats it. Links are relative and can only point into the run
 * directory; the page says everything without them. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "report/page.h"

enum { FILES_LISTED = 40 };

/* A relative path without "..": what a verdict file may name as its directory. */
static bool stays_inside(const char *path)
{
    if (!path || !*path || *path == '/')
        return false;
    for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    return true;
}

static char *link_to(const char *directory, const char *file)
{
    vg_autofree char *path = vg_format("%s/%s", directory, file);
    vg_autotext struct vg_text link = { 0 };
    vg_text_add(&link, "../");
    for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
        if (*c < 0x80 && (isalnum(*c) || strchr("/._-~", *c)))
            vg_text_add(&link, "%c", *c);
        else
            vg_text_add(&link, "%%%02X", *c);
    }
    return VG_TAKE(link.data);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Regular files of a directory by name; at most FILES_LISTED of them. */
static char **list_files(const char *path, unsigned *count)
{
    char **names = NULL;
    *count = 0;
    vg_autodir DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && *count < FILES_LISTED && (entry = readdir(directory)) != NULL) {
        struct stat status;
        if (entry->d_name[0] != '.' && fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            vg_push(names, *count) = vg_strdup(entry->d_name);
    }
    if (*count)
        qsort(names, *count, sizeof(*names), by_name);
    return names;
}

static void write_files(struct vg_page *page, const struct vg_judgement *judgement)
{
    struct vg_xml *xml = page->xml;
    vg_autofree char *where = vg_report_instance_text(judgement);
    vg_autofree char *path = vg_format("%s/%s", page->results->run->directory, judgement->directory);
    unsigned count = 0;
    char **names = stays_inside(judgement->directory) ? list_files(path, &count) : NULL;
    vg_xml_open(xml, "dt");
    vg_xml_text(xml, where);
    vg_xml_close(xml);
    vg_xml_open(xml, "dd");
    if (!count)
        vg_xml_text(xml, "no files");
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *target = link_to(judgement->directory, names[i]);
        vg_xml_open(xml, "a");
        vg_xml_attribute(xml, "href", target);
        vg_xml_text(xml, names[i]);
        vg_xml_close(xml);
        vg_xml_text(xml, " ");
    }
    vg_xml_close(xml);
    vg_names_free(names, count);
}

/* A word of a command line that a person will paste into a shell: names come from outside. */
static void write_shell_word(struct vg_xml *xml, const char *word)
{
    bool plain = *word != '\0';
    for (const char *c = word; *c && plain; c++)
        plain = isalnum((unsigned char)*c) || strchr("._/+:=,@-", *c);
    vg_autotext struct vg_text quoted = { 0 };
    if (!plain) {
        vg_text_add(&quoted, "'");
        for (const char *c = word; *c; c++)
            if (*c == '\'')
                vg_text_add(&quoted, "'\\''");
            else
                vg_text_add_bytes(&quoted, c, 1);
        vg_text_add(&quoted, "'");
    }
    vg_xml_text(xml, " ");
    vg_xml_element_class(xml, "span", "word", plain ? word : quoted.data);
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* What decides how the test runs is taken over as the user gave it; what decides where the results go is not, and test,
 * plan and seed are said anew. */
static void write_command(struct vg_page *page, const char *test)
{
    static const char *const kept[] = { "--host=",  "--mechanism=", "--profile=",      "--policy=",
                                        "--boots=", "--set=",       "--expectations=", "--allow=" };
    const struct vg_run *run = page->results->run;
    bool host_given = false;
    for (unsigned i = 0; i < run->argument_count; i++)
        host_given = host_given || starts_with(run->arguments[i], "--host=");
    vg_autofree char *host = vg_format("--host=%s", run->host), *plan = vg_format("--plan=%s", run->plan);
    vg_autofree char *only = vg_format("--test=%s", test);
    vg_autofree char *seed = vg_format("--seed=%llu", (unsigned long long)run->seed);
    struct vg_xml *xml = page->xml;
    vg_xml_open_class(xml, "p", "labelled");
    vg_xml_element_class(xml, "span", "label", "Repeat it");
    vg_xml_text(xml, " ");
    vg_xml_open(xml, "code");
    vg_xml_element_class(xml, "span", "word", "build/vgauge run");
    if (!host_given)
        write_shell_word(xml, host);
    for (unsigned i = 0; i < run->argument_count; i++)
        for (unsigned k = 0; k < VG_COUNT(kept); k++)
            if (starts_with(run->arguments[i], kept[k]))
                write_shell_word(xml, run->arguments[i]);
    write_shell_word(xml, plan);
    write_shell_word(xml, only);
    write_shell_word(xml, seed);
    vg_xml_close(xml);
    vg_xml_close(xml);
}

void vg_page_evidence(struct vg_page *page, const struct vg_report_group *group)
{
    write_command(page, group->test);
    vg_xml_open(page->xml, "details");
    vg_xml_element(page->xml, "summary", "Evidence: raw samples, consoles, configurations");
    vg_xml_open_class(page->xml, "dl", "files");
    for (unsigned i = 0; i < group->count; i++)
        write_files(page, group->instances[i]);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}
