/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of certify/: what leaves the house. A certification package is one archive from which a stranger can
 * tell, without trusting whoever made it, that its verdicts follow from its raw samples by the thresholds of the suite.
 * docs/certification.md has the programme and the format. */
#ifndef VG_CERTIFY_H
#define VG_CERTIFY_H

#include "catalog/catalog.h"
#include "record/record.h"

/* --- the suite: what a verdict is measured by -----------------------------------------------------------------------
 */

struct vg_suite {
    char *digest;  /* "sha256:...": of the lines that `sha256sum` prints of its files, in the order of their names */
    char *source;  /* commit that it was built from, "unknown" if it was not built from a git tree */
    bool dirty;    /* built from a tree whose suites were not as committed */
    bool built_in; /* the one inside this program, and not somebody's directory */
    char *listing; /* the lines themselves: "DIGEST  tests/api/driver-gl.yaml\n" */
    char *scratch; /* where it was unpacked to; NULL: it was not. Removed by vg_suite_free */
    struct vg_catalog *catalog; /* with what the certification plan sets already set */
    const struct vg_plan *plan; /* `certification` */
};
/* The suite that this program was built with: nothing on disk can change it. */
struct vg_suite *vg_suite_built_in(struct vg_error *err);
/* A directory like suites/: for a package of another version, whose suite a verifier got from its source. */
struct vg_suite *vg_suite_open(const char *directory, struct vg_error *err);
void vg_suite_free(struct vg_suite *suite);

/* Writes down by what a run was made: the digests of suites and programs, and the commit, in run->environment; and the
 * build in its fingerprint. */
bool vg_suite_identify(struct vg_run *run, const char *suites_directory, const char *program_directory,
                       struct vg_error *err);

/* --- keys (Ed25519, PEM as OpenSSL reads and writes it) --------------------------------------------------------------
 */

/* Writes a new private key to path (mode 0600, must not exist) and its public half to path.pub. *fingerprint:
 * "sha256:..." of the public key's 32 bytes; caller frees. */
bool vg_key_new(const char *path, char **fingerprint, struct vg_error *err);
/* Of a public key's file, or a private one's. Caller frees; NULL with the error. */
char *vg_key_fingerprint(const char *path, struct vg_error *err);

/* --- packages --------------------------------------------------------------------------------------------------------
 */

struct vg_certify_config {
    const struct vg_suite *suite;
    const char *run_directory;
    const char *product, *vendor;
    const char *key;                    /* path of the private key */
    const char *out;                    /* path of the package; must not exist */
    const char *today;                  /* "2026-11-22": a waiver that expired before is refused */
    void (*progress)(const char *what); /* may be NULL */
};

enum vg_conformance { VG_CONFORMS, VG_CONFORMS_WITH_WAIVERS, VG_DOES_NOT_CONFORM };

/* What a package says, and who says it. */
struct vg_certificate {
    enum vg_conformance outcome;
    char *product, *vendor, *tested;                                      /* tested: "2026-11-22" */
    char *vgauge, *suite;                                                 /* version and digest */
    char *signer;                                                         /* fingerprint of the key */
    bool signer_known;                                                    /* it is the key that the verifier named */
    unsigned held, not_met, waived, findings, not_tested, not_applicable; /* requirements */
    unsigned instances, files;
    uint64_t bytes, samples; /* unpacked; rows of raw samples judged again */
    char **expired;          /* sentences: waivers that held when it was tested and have expired since */
    unsigned expired_count;
};
void vg_certificate_free(struct vg_certificate *certificate);
/* One sentence: "conforms", "does not conform: 2 requirements are not met". Caller frees. */
char *vg_certificate_answer(const struct vg_certificate *certificate);

/* Makes a package of a run, reads it back, and verifies it before it gets its name. The same input gives the same
 * bytes. Refuses (VG_ERROR_INPUT) what may not be certified, and says which rule. */
bool vg_certify(const struct vg_certify_config *config, struct vg_certificate *certificate, struct vg_error *err);

struct vg_verify_config {
    const struct vg_suite *suite;
    const char *package;
    const char *key; /* path of a public key that must have signed it; NULL: any */
    const char *today;
    void (*progress)(const char *what);
};
/* True if everything in the package follows from its raw samples and the suite; else the error names the place. */
bool vg_verify(const struct vg_verify_config *config, struct vg_certificate *certificate, struct vg_error *err);

/* --- one test, to be repeated elsewhere ------------------------------------------------------------------------------
 */

/* Writes an archive with the test as it was run, the host file, the programs and a script that repeats it. */
bool vg_export_test(const char *run_directory, const char *test, const char *program_directory, const char *out,
                    struct vg_error *err);

#endif
