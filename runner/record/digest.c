/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests by which a file that was cut, mixed up or changed by hand is told from the one that was written. */
#include "record/record.h"

#include <nettle/sha2.h>

char *vg_digest(const void *bytes, size_t length)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, length, bytes);
    sha256_digest(&context, sizeof(digest), digest);
    struct vg_text text = { 0 };
    vg_text_add(&text, "sha256:");
    for (size_t i = 0; i < sizeof(digest); i++)
        vg_text_add(&text, "%02x", digest[i]);
    return text.data;
}

char *vg_digest_json(const json_t *json)
{
    vg_autofree char *text =
        json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    if (!text)
        vg_out_of_memory();
    return vg_digest(text, strlen(text));
}
