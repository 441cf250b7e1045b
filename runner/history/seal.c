/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Seals: what was written is told from what something else has changed since. Over names, not numbers of rows, so that
 * a history may move from one database to another. */
#include <nettle/sha2.h>
#include "history/internal.h"

static void add_int(struct sha256_ctx *hash, int64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
    sha256_update(hash, sizeof(bytes), bytes);
}

static int64_t bits_of(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static uint64_t finish(struct sha256_ctx *hash)
{
    uint8_t digest[8];
    uint64_t seal = 0;
    sha256_digest(hash, sizeof(digest), digest);
    for (int i = 0; i < 8; i++)
        seal = seal << 8 | digest[i];
    return seal;
}

int64_t hist_seal(const struct hist_cell *cells, size_t count)
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    for (size_t i = 0; i < count; i++) {
        add_int(&hash, cells[i].type);
        if (cells[i].type == HIST_INT) {
            add_int(&hash, cells[i].integer);
        } else if (cells[i].type == HIST_REAL) {
            add_int(&hash, bits_of(cells[i].real));
        } else if (cells[i].type == HIST_TEXT) {
            add_int(&hash, (int64_t)strlen(cells[i].text));
            sha256_update(&hash, strlen(cells[i].text), (const uint8_t *)cells[i].text);
        }
    }
    return (int64_t)(finish(&hash) >> 1);
}

int64_t hist_series_tag(const char *name, const char *unit, const char *recipe)
{
    const struct hist_cell cells[] = { HIST_T(name), HIST_T(unit), HIST_T(recipe) };
    return hist_seal(cells, VG_COUNT(cells));
}

int64_t hist_run_tag(const char *identity)
{
    const struct hist_cell cells[] = { HIST_T(identity) };
    return hist_seal(cells, VG_COUNT(cells));
}

int32_t hist_value_seal(int64_t series_tag, int64_t run_tag, unsigned boot, double value)
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    add_int(&hash, series_tag);
    add_int(&hash, run_tag);
    add_int(&hash, boot);
    add_int(&hash, bits_of(value));
    return (int32_t)(finish(&hash) >> 33);
}

int64_t hist_run_seal(const struct hist_run_row *row)
{
    const struct hist_cell cells[] = { HIST_T(row->identity), HIST_I(row->started),     HIST_I(row->ended),
                                       HIST_T(row->plan),     HIST_T(row->host),        HIST_T(row->directory),
                                       HIST_T(row->fields),   HIST_I(row->value_count), HIST_I(row->value_seal) };
    return hist_seal(cells, VG_COUNT(cells));
}
