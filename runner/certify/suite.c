/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which suite: that of this program, or that of a directory, each with a digest that anybody can compute again with
 * find, sort and sha256sum. */
#include "certify/internal.h"

#include <errno.h>

enum { SUITE_FILE_MAX_BYTES = 4 << 20, BUILD_DIGITS = 12 };
#define PLAN "certification"

static void add_line(struct vg_text *listing, const char *name, int name_length, const void *bytes, size_t length)
{
    char digits[65];
    struct cert_hash *hash = cert_hash_new();
    cert_hash_add(hash, bytes, length);
    cert_hash_end(hash, digits);
    vg_text_add(listing, "%s  %.*s\n", digits, name_length, name);
}

static char *built_in_listing(void)
{
    struct vg_text listing = { 0 };
    const char *name, *bytes;
    size_t at = 0, name_length, length;
    while (cert_built_in_next(&at, &name, &name_length, &bytes, &length))
        add_line(&listing, name, (int)name_length, bytes, length);
    return listing.data;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds "FOLDER/x.yaml" of every such file of a folder; for depth 2 of its folders. */
static bool find_files(const char *directory, const char *folder, unsigned depth, struct vg_words *names,
                       struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s", directory, folder);
    vg_autodir DIR *open_directory = opendir(path);
    if (!open_directory)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot list %s; is %s a suites directory?", path, directory);
    for (struct dirent *entry = readdir(open_directory); entry; entry = readdir(open_directory)) {
        const char *ending = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.')
            continue;
        vg_autofree char *inside = vg_format("%s/%s", folder, entry->d_name);
        if (depth == 1 && vg_equal(ending, ".yaml"))
            vg_push(names->items, names->count) = VG_TAKE(inside);
        else if (depth > 1 && entry->d_type == DT_DIR && !find_files(directory, inside, depth - 1, names, err))
            return false;
    }
    return true;
}

static char *directory_listing(const char *directory, struct vg_error *err)
{
    struct vg_words names VG_CLEANUP(vg_record_folders_free) = { 0 };
    if (!find_files(directory, "requirements", 1, &names, err) || !find_files(directory, "tests", 2, &names, err) ||
        !find_files(directory, "plans", 1, &names, err))
        return NULL;
    struct vg_text listing = { 0 };
    vg_text_add(&listing, "%s", "");
    qsort(names.items, names.count, sizeof(*names.items), compare_texts);
    for (unsigned i = 0; i < names.count; i++) {
        vg_autofree char *path = vg_format("%s/%s", directory, names.items[i]), *text = NULL;
        size_t length;
        if (!vg_read_file(path, SUITE_FILE_MAX_BYTES, &text, &length, err)) {
            vg_text_free(&listing);
            return NULL;
        }
        add_line(&listing, names.items[i], (int)strlen(names.items[i]), text, length);
    }
    return listing.data;
}

static bool unpack(const char *directory, struct vg_error *err)
{
    const char *name, *bytes;
    size_t at = 0, name_length, length;
    while (cert_built_in_next(&at, &name, &name_length, &bytes, &length)) {
        vg_autofree char *path = vg_format("%s/%.*s", directory, (int)name_length, name);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        if (!vg_make_directories(path, err))
            return false;
        *slash = '/';
        vg_autofile FILE *file = fopen(path, "wxe");
        if (!file || fwrite(bytes, 1, length, file) != length || fflush(file) != 0)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write %s", path);
    }
    return true;
}

void vg_suite_free(struct vg_suite *suite)
{
    if (!suite)
        return;
    struct vg_error left = { 0 };
    vg_catalog_free(suite->catalog);
    if (suite->scratch && !vg_remove_tree(suite->scratch, &left))
        vg_warn("%s", left.text);
    free(suite->scratch);
    free(suite->digest);
    free(suite->source);
    free(suite->listing);
    free(suite);
}
VG_DEFINE_CLEANUP(cleanup_suite, struct vg_suite *, vg_suite_free)

static bool load(struct vg_suite *suite, const char *directory, struct vg_error *err)
{
    suite->digest = vg_digest(suite->listing, strlen(suite->listing));
    suite->catalog = vg_catalog_load(directory, err);
    suite->plan = suite->catalog ? vg_catalog_plan(suite->catalog, PLAN, err) : NULL;
    for (unsigned i = 0; suite->plan && i < suite->plan->sets.count; i++)
        if (!vg_catalog_set(suite->catalog, suite->plan->sets.items[i], err))
            return false;
    return suite->plan != NULL;
}

struct vg_suite *vg_suite_built_in(struct vg_error *err)
{
    struct vg_suite *suite VG_CLEANUP(cleanup_suite) = vg_calloc(1, sizeof(*suite));
    vg_autofree char *state = NULL, *tree = NULL;
    const char *temporary = getenv("TMPDIR");
    suite->built_in = true;
    cert_built_in_source(&suite->source, &state, &tree);
    suite->dirty = vg_equal(state, "modified");
    suite->listing = built_in_listing();
    vg_autofree char *template = vg_format("%s/vgauge-suites-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(template)) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make a directory like %s", template);
        return NULL;
    }
    suite->scratch = VG_TAKE(template);
    return unpack(suite->scratch, err) && load(suite, suite->scratch, err) ? VG_TAKE(suite) : NULL;
}

struct vg_suite *vg_suite_open(const char *directory, struct vg_error *err)
{
    struct vg_suite *suite VG_CLEANUP(cleanup_suite) = vg_calloc(1, sizeof(*suite));
    suite->source = vg_strdup("unknown");
    suite->listing = directory_listing(directory, err);
    return suite->listing && load(suite, directory, err) ? VG_TAKE(suite) : NULL;
}

/* "tests/api/x.yaml is not the one ...", for the first line in which two listings differ. Caller frees. */
static char *first_difference(const char *found, const char *built_in)
{
    while (*found && *built_in) {
        size_t length = strcspn(found, "\n") + 1, other = strcspn(built_in, "\n") + 1;
        if (length != other || memcmp(found, built_in, length) != 0)
            break;
        found += length;
        built_in += length;
    }
    const char *line = *found ? found : built_in;
    return vg_format("%.*s is not as in the suite that this vgauge was built with", (int)strcspn(line + 66, "\n"),
                     line + 66); /* behind the digest and two blanks */
}

static void record(struct vg_run *run, const char *what, json_t *value, const char *why)
{
    json_t *entry = vg_json_new_object();
    vg_json_set(entry, "value", value);
    vg_json_set_text(entry, "why", why);
    if (!run->environment)
        run->environment = vg_json_new_object();
    vg_json_set(run->environment, what, entry);
}

static bool add_program(json_t *programs, const char *directory, const char *name, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s", directory, name);
    uint64_t bytes;
    char digits[65];
    if (!vg_exists(path))
        return true; /* whoever needs it says so */
    if (!cert_hash_file(path, &bytes, digits, err))
        return false;
    vg_autofree char *digest = vg_format("sha256:%s", digits);
    vg_json_set_text(programs, name, digest);
    return true;
}

/* The exact source, where the commit says it; else that of the program itself tells builds apart. */
static void identify_build(struct vg_run *run, const char *commit, const char *tree_state, const json_t *programs)
{
    static const char scheme[] = "sha256:";
    const char *digest = vg_json_text_or(programs, "vgauge", "");
    if (vg_equal(tree_state, "clean")) {
        vg_run_fingerprint(run, VG_FINGERPRINT_BUILD, commit, "the commit that vgauge was built from");
        return;
    }
    bool modified = vg_equal(tree_state, "modified");
    vg_autofree char *build = vg_format("%s, program %.*s", modified ? commit : "unknown commit",
                                        (int)strlen(scheme) + BUILD_DIGITS, *digest ? digest : "not found");
    vg_run_fingerprint(run, VG_FINGERPRINT_BUILD, build,
                       modified ? "a tree that was not as committed, and the digest of the program"
                                : "not built from a git tree: the digest of the program");
}

bool vg_suite_identify(struct vg_run *run, const char *suites_directory, const char *program_directory,
                       struct vg_error *err)
{
    static const char *const names[] = { "vgauge", "vgauge-agent", "vgauge-workload", "payload.squashfs" };
    vg_autofree char *commit = NULL, *state = NULL, *tree = NULL, *own = built_in_listing();
    vg_autofree char *listing = directory_listing(suites_directory, err);
    if (!listing)
        return false;
    vg_autofree char *digest = vg_digest(listing, strlen(listing));
    vg_autofree char *why = vg_equal(listing, own) ? vg_strdup("the suite that this vgauge was built with")
                                                   : first_difference(listing, own);
    record(run, "suites", json_string(digest), why);
    cert_built_in_source(&commit, &state, &tree);
    record(run, "source", json_string(commit),
           vg_equal(state, "modified") ? "modified: built from a tree whose suites were not as committed"
           : vg_equal(state, "clean")  ? "the commit that this vgauge was built from"
                                       : "not built from a git tree");
    json_t *programs = vg_json_new_object();
    bool good = true;
    for (size_t i = 0; good && i < VG_COUNT(names); i++)
        good = add_program(programs, program_directory, names[i], err);
    /* A run that is gone on with was begun by these, and nobody can tell which part is whose if they are others now. */
    const json_t *before = json_object_get(json_object_get(run->environment, "programs"), "value");
    bool other = before && !json_equal(before, programs);
    identify_build(run, commit, tree, programs);
    record(run, "programs", programs,
           other ? CERT_CHANGED ": begun by other programs" : "digests of the files that ran");
    return good;
}
