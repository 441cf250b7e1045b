/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page as PDF, by a program that can print HTML well and that the user may have or not: a browser without a window,
 * else WeasyPrint. The same page gives the same bytes: what differs is the time at which it was printed, and that is
 * set to one that the caller knows. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "report/paper.h"
#include "report/parts.h"

enum { CONVERTER_TIMEOUT_MS = 180000, PDF_MAX_BYTES = 256 << 20, MAX_WORDS = 16, PRINTS_MOST = 4 };

/* {page}, {pdf} and {scratch} in an argument stand for the files; an argument that begins with "root:" is for root
 * only.
 */
struct converter {
    const char *program;
    const char *arguments[MAX_WORDS];
};

/* A browser cannot build its sandbox as root; the page is ours, runs nothing and fetches nothing (its own policy). */
#define BROWSER                                                                                                        \
    {                                                                                                                  \
        "--headless", "root:--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",         \
            "--disable-background-networking", "--no-first-run", "--user-data-dir={scratch}/profile",                  \
            "--no-pdf-header-footer", "--print-to-pdf={scratch}/page.pdf", "file://{page}", NULL                       \
    }
static const struct converter converters[] = {
    { "chromium", BROWSER },
    { "chromium-browser", BROWSER },
    { "google-chrome", BROWSER },
    { "weasyprint", { "--quiet", "--presentational-hints", "{page}", "{scratch}/page.pdf", NULL } },
};

static bool on_path(const char *program)
{
    vg_autofree char *path = vg_strdup(getenv("PATH") ? getenv("PATH") : "");
    char *rest = path;
    for (const char *directory; (directory = strsep(&rest, ":")) != NULL;) {
        vg_autofree char *file = vg_format("%s/%s", *directory ? directory : ".", program);
        struct stat status;
        if (stat(file, &status) == 0 && S_ISREG(status.st_mode) && access(file, X_OK) == 0)
            return true;
    }
    return false;
}

/* The one that the user wants ($VGAUGE_PDF: one of the names above), else the first that is there. */
static const struct converter *choose(struct vg_error *err)
{
    const char *wanted = getenv("VGAUGE_PDF");
    vg_autotext struct vg_text names = { 0 };
    for (size_t i = 0; i < VG_COUNT(converters); i++) {
        vg_text_add(&names, "%s%s", i ? ", " : "", converters[i].program);
        if (wanted && *wanted ? vg_equal(wanted, converters[i].program) : on_path(converters[i].program))
            return &converters[i];
    }
    if (wanted && *wanted) {
        vg_autofree char *shown = vg_report_clean(wanted);
        vg_fail(err, VG_ERROR_INPUT, "VGAUGE_PDF is `%.100s`, which is none of the programs that vgauge can use: %s",
                shown, names.data);
    } else
        vg_fail(err, VG_ERROR_ENVIRONMENT,
                "a PDF needs one of these programs, and none is installed: %s (Debian: apt-get install chromium, or "
                "weasyprint); the HTML page says the same",
                names.data);
    return NULL;
}

/* "{page}" and its like replaced; a path is escaped where it becomes an address. Caller frees. */
static char *fill(const char *pattern, const char *page, const char *scratch)
{
    struct vg_text text = { 0 };
    bool address = strncmp(pattern, "file://", 7) == 0;
    for (const char *c = pattern; *c;) {
        if (strncmp(c, "{scratch}", 9) == 0) {
            vg_text_add(&text, "%s", scratch);
            c += 9;
        } else if (strncmp(c, "{page}", 6) == 0) {
            for (const unsigned char *p = (const unsigned char *)page; *p; p++)
                if (address && (*p >= 0x80 || *p <= ' ' || strchr("%?#\"<>", *p)))
                    vg_text_add(&text, "%%%02X", *p);
                else
                    vg_text_add(&text, "%c", *p);
            c += 6;
        } else
            vg_text_add(&text, "%c", *c++);
    }
    return text.data;
}

static bool print(const struct converter *converter, const char *page, const char *scratch, struct vg_error *err)
{
    const char *argv[MAX_WORDS + 2] = { converter->program };
    char *filled[MAX_WORDS] = { 0 };
    unsigned count = 1;
    for (unsigned i = 0; converter->arguments[i]; i++) {
        const char *pattern = converter->arguments[i];
        if (strncmp(pattern, "root:", 5) == 0) {
            if (geteuid() != 0)
                continue;
            pattern += 5;
        }
        argv[count++] = filled[i] = fill(pattern, page, scratch);
    }
    vg_autofree char *output = NULL;
    int status = 0;
    bool ran = vg_run_command(argv, CONVERTER_TIMEOUT_MS, 1 << 16, &output, &status, err);
    for (unsigned i = 0; i < MAX_WORDS; i++)
        free(filled[i]);
    if (!ran)
        return vg_wrap(err, "%s could not print the page", converter->program);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        vg_autofree char *said = vg_report_clean(output ? output : "");
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s could not print the page: %.300s", converter->program,
                       WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "it is not installed" : said);
    }
    return true;
}

/* "(D:20261122140153+00'00')" behind each of the two keys becomes the given instant; of equal length, so that the
 * table of offsets at the end stays right. */
static void set_time(char *pdf, size_t length, const char *printed)
{
    static const char *const keys[] = { "/CreationDate (D:", "/ModDate (D:" };
    char digits[15];
    bool known = vg_paper_instant(printed, digits);
    for (size_t k = 0; k < VG_COUNT(keys) && known; k++) {
        size_t key_length = strlen(keys[k]);
        for (char *at = pdf; (at = memmem(at, length - (size_t)(at - pdf), keys[k], key_length)) != NULL;) {
            at += key_length;
            if ((size_t)(pdf + length - at) >= 14 && strspn(at, "0123456789") >= 14)
                memcpy(at, digits, 14);
        }
    }
}

static bool print_once(const struct converter *converter, const char *page, const char *scratch, const char *printed,
                       char **pdf, size_t *length, struct vg_error *err)
{
    vg_autofree char *made = vg_format("%s/page.pdf", scratch);
    unlink(made); /* never the one before */
    if (!print(converter, page, scratch, err) || !vg_read_file(made, PDF_MAX_BYTES, pdf, length, err))
        return false;
    if (*length < 5 || memcmp(*pdf, "%PDF-", 5) != 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "what %s wrote is no PDF", converter->program);
    set_time(*pdf, *length, printed ? printed : "");
    return true;
}

/* A browser's PDF was seen to differ from the one before in a few bytes, once in some fifty prints: so it prints until
 * two in a row are equal, which nearly always are the first two. */
bool vg_report_pdf(const char *html_path, const char *pdf_path, const char *printed, struct vg_error *err)
{
    const struct converter *converter = choose(err);
    if (!converter)
        return false;
    vg_autofree char *page = realpath(html_path, NULL);
    if (!page)
        return vg_fail(err, VG_ERROR_INPUT, "there is no page `%s` to print", html_path);
    char scratch[] = "/tmp/vgauge-pdf-XXXXXX";
    if (!mkdtemp(scratch))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "/tmp cannot be written, which printing a page needs");
    vg_autofree char *pdf = NULL, *before = NULL;
    size_t length = 0, before_length = 0;
    bool good = true, agreed = false;
    for (unsigned i = 0; good && !agreed && i < PRINTS_MOST; i++) {
        free(before);
        before = VG_TAKE(pdf);
        before_length = length;
        good = print_once(converter, page, scratch, printed, &pdf, &length, err);
        agreed = good && before && length == before_length && memcmp(pdf, before, length) == 0;
    }
    if (good && !agreed)
        vg_warn("%s printed the page %d times, each time in other bytes; the last is taken", converter->program,
                PRINTS_MOST);
    good = good && vg_write_file(pdf_path, pdf, length, err);
    struct vg_error ignored = { 0 };
    if (!vg_remove_tree(scratch, &ignored))
        vg_warn("%s", ignored.text);
    return good;
}
