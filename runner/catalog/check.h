/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to catalog/. Checks that several kinds of file share. `path` is a place in the document; each check says what
 * is wrong there and returns false. */
#ifndef VG_CATALOG_CHECK_H
#define VG_CATALOG_CHECK_H

#include "catalog/catalog.h"
#include "catalog/document.h"

/* Names go into file names, domain names and metric names: lower case, digits and hyphens, at most 48. */
bool vg_check_name(const struct vg_document *document, const char *path, const char *name, struct vg_error *err);
/* A number that is not in the document takes the fallback; one that is must be in range. */
bool vg_check_range(const struct vg_document *document, const char *path, unsigned *value, unsigned fallback,
                    unsigned min, unsigned max, struct vg_error *err);
/* "unknown WHAT `word`; did you mean ..." unless word is one of words. */
bool vg_check_word(const struct vg_document *document, const char *path, const char *what, const char *word,
                   const char *const *words, size_t count, struct vg_error *err);
/* Each of list once, each one of words. */
bool vg_check_words(const struct vg_document *document, const char *path, const char *what, const struct vg_words *list,
                    const char *const *words, size_t count, struct vg_error *err);
/* NULL and the error if no such thing is registered. */
const struct vg_descriptor *vg_check_descriptor(const struct vg_document *document, const char *path,
                                                enum vg_descriptor_kind kind, const char *name, struct vg_error *err);
/* Each of the list is a registered mechanism, once. */
bool vg_check_mechanisms(const struct vg_document *document, const char *path, const struct vg_words *words,
                         struct vg_error *err);
/* Every setting is a parameter of the descriptor with a value that it takes, and no mandatory one is missing. Values
 * that begin with "=" are passed over if references are allowed. */
bool vg_check_settings(const struct vg_document *document, const char *path, const struct vg_descriptor *descriptor,
                       const struct vg_settings *settings, bool references, struct vg_error *err);
/* Runs a check whose message lacks a place, and adds it. */
bool vg_check_placed(const struct vg_document *document, const char *path, struct vg_error *err);

#endif
