/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to certify/. */
#ifndef VG_CERTIFY_INTERNAL_H
#define VG_CERTIFY_INTERNAL_H

#include "certify/certify.h"
#include "certify/package.h"
#include "engine/engine.h"

/* --- the suite -------------------------------------------------------------------------------------------------------
 */

/* How environment.programs.why of a run begins that was not made by the same programs from beginning to end. */
#define CERT_CHANGED "changed"

/* One file of the suite that the program carries; false after the last. *at: 0 to begin. */
bool cert_built_in_next(size_t *at, const char **name, size_t *name_length, const char **bytes, size_t *length);
/* Its first line: commit, and whether the suites, and all that the programs are made of, were as committed ("clean",
 * "modified", "unknown"). Caller frees. */
void cert_built_in_source(char **commit, char **suites_state, char **tree_state);

/* --- keys ------------------------------------------------------------------------------------------------------------
 */

struct cert_key; /* private */
struct cert_key *cert_key_load(const char *path, struct vg_error *err);
void cert_key_free(struct cert_key *key);
VG_DEFINE_CLEANUP(cert_cleanup_key, struct cert_key *, cert_key_free)
#define cert_autokey VG_CLEANUP(cert_cleanup_key)
/* The public half as PEM. Caller frees. */
char *cert_key_public_pem(const struct cert_key *key, struct vg_error *err);
bool cert_key_sign(const struct cert_key *key, const void *bytes, size_t length,
                   unsigned char signature[CERT_SIGNATURE_BYTES], struct vg_error *err);

/* --- JSON ------------------------------------------------------------------------------------------------------------
 */

/* Where two documents differ first: "checks[0].threshold is 0.2, not 0.1"; NULL if they say the same. Numbers that
 * are not whole may differ by rounding (1e-9 of their size): the judge's last digit depends on compiler and libraries.
 * Caller frees. */
char *cert_difference(const json_t *found, const json_t *expected);

/* --- what a run must be like -----------------------------------------------------------------------------------------
 */

/* Everything that makes a run certifiable, for the one who certifies and the one who verifies alike. Reads the run
 * directory only. *results: gathered; caller frees with vg_results_free. */
bool cert_rules(const char *run_directory, const struct vg_suite *suite, struct vg_results **results,
                struct vg_error *err);
/* What the plan has on the host whose file the run carries; the schedule borrows from the host. */
struct cert_planned {
    struct vg_host *host;
    struct vg_schedule schedule;
};
void cert_planned_free(struct cert_planned *planned);
/* *planned is to be freed whatever it returns. */
bool cert_plan(const struct vg_run *run, const struct vg_suite *suite, struct cert_planned *planned,
               struct vg_error *err);
/* "TEST/INSTANCE" of each result -> its number, for cert_find. Caller decrefs. */
json_t *cert_index(const struct vg_results *results);
const struct vg_judgement *cert_find(const struct vg_results *results, const json_t *index, const char *test,
                                     const char *instance);
/* An entry of a file of expectations that waives something and expired before `day`: a sentence (caller frees), else
 * NULL. From *at, which is moved behind it. */
char *cert_expired_waiver(const struct vg_results *results, const char *day, unsigned *at);
/* Whether what was measured is what the test asks for on that host: limits, promises, tenants, phases, workloads and
 * their parameters. */
bool cert_as_asked(const struct vg_test *test, const struct vg_measurements *measurements, const struct vg_host *host,
                   struct vg_error *err);
/* Takes a directory that will be gone out of an error that names files below it. */
void cert_without_directory(const char *directory, struct vg_error *err);
/* Whether the journal tells of each result once, with the verdict that it has. */
bool cert_journalled(const struct vg_results *results, struct vg_error *err);
/* Judges every instance again from its raw samples; each verdict must be the one that the run holds. */
bool cert_follows(const char *run_directory, const struct vg_results *results, const struct vg_suite *suite,
                  uint64_t *samples, void (*progress)(const char *what), struct vg_error *err);

/* --- what a package says ---------------------------------------------------------------------------------------------
 */

/* What became of one requirement, from the worst that is known of it to the best. Not applicable is only what mechanism
 * or claims say of themselves; what nobody looked at is not tested, whoever chose so. */
enum cert_state {
    CERT_NOT_APPLICABLE,
    CERT_NOT_TESTED,
    CERT_HELD,
    CERT_FINDING,
    CERT_WAIVED,
    CERT_NOT_MET,
    CERT_STATES
};
extern const char *const cert_state_words[CERT_STATES];
/* Of a result that is no skip. */
enum cert_state cert_state_of(const struct vg_judgement *judgement);
/* Every requirement of the suite with its outcome, by which tests, or why none; counts: of each state, added to. */
json_t *cert_requirements(const struct vg_results *results, const struct vg_suite *suite,
                          const struct cert_planned *planned, unsigned counts[CERT_STATES]);
json_t *cert_statement(const struct vg_results *results, const struct vg_suite *suite, const char *product,
                       const char *vendor, struct vg_error *err);
/* The certificate from a statement that was checked; signer and counts of files are the caller's. */
bool cert_certificate(const json_t *statement, struct vg_certificate *certificate, struct vg_error *err);

/* --- the files of a package ------------------------------------------------------------------------------------------
 */

/* Names of everything of the run that goes into a package, "run/tests/T/I/x.csv", sorted; each is allowed by
 * cert_name_allowed. Refuses what it does not know. */
bool cert_collect(const struct vg_results *results, struct vg_words *names, struct vg_error *err);

#endif
