/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways to tamper with a package by somebody without the key, who can change bytes: each must be refused for its own
 * reason. */
#include "support/tampered.h"

static void untouched_is_taken(void **state)
{
    struct vg_error err;
    (void)state;
    must(verify(package, &err), &err);
    struct tarball copy = tarball_copy(&original);
    tarball_save(&copy, tampered);
    must(verify(tampered, &err), &err); /* what the tests below write is a package, but for what they change */
    tarball_sign(&copy, key);
    tarball_save(&copy, tampered);
    must(verify(tampered, &err), &err);
    tarball_free(&copy);
}

/* --- without the key ------------------------------------------------------------------------------------------------
 */

static void sample_byte(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->data[item->length - 2] ^= 1;
}
static void verdict_word(struct tarball *ball)
{
    item_replace(tarball_find(ball, INSTANCE "verdict.json"), "\"pass\"", "\"fail\"");
}
static void threshold(struct tarball *ball)
{
    item_replace(tarball_find(ball, "run/tests/made-000/test.json"), "100000", "900000");
}
static void file_added(struct tarball *ball)
{
    tarball_insert(ball, tarball_index(ball, SAMPLES) + 1, INSTANCE "zzz.log", "hello\n");
}
static void file_added_at_end(struct tarball *ball)
{
    tarball_insert(ball, ball->count, "zzz.log", "hello\n");
}
static void file_removed(struct tarball *ball)
{
    tarball_remove(ball, tarball_index(ball, SAMPLES));
}
static void last_removed(struct tarball *ball)
{
    tarball_remove(ball, ball->count - 1);
}
static void file_renamed(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), INSTANCE "tiny.guest.0.1.submission.csv");
}
static void files_swapped(struct tarball *ball)
{
    struct item *one = tarball_find(ball, "run/tests/made-000/test.json");
    struct item *other = tarball_find(ball, "run/tests/made-001/test.json"); /* as long as the first */
    char *kept = one->data;
    one->data = other->data;
    other->data = kept;
}
static void reordered(struct tarball *ball)
{
    unsigned at = tarball_index(ball, SAMPLES);
    struct item kept = ball->items[at];
    ball->items[at] = ball->items[at + 1];
    ball->items[at + 1] = kept;
}
static void duplicate(struct tarball *ball)
{
    unsigned at = tarball_index(ball, SAMPLES);
    tarball_insert(ball, at + 1, SAMPLES, ball->items[at].data);
}
static void symbolic_link(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->type = '2';
    item->target = "/etc/passwd";
}
static void hard_link(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->type = '1';
    item->target = CERT_MANIFEST;
}
static void directory(struct tarball *ball)
{
    tarball_insert(ball, 3, "document/", "");
    ball->items[3].type = '5';
}
static void device(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->type = '3';
}
static void extension(struct tarball *ball)
{
    tarball_insert(ball, 3, "PaxHeaders/x", "20 path=../../evil\n\n");
    ball->items[3].type = 'x';
}
static void long_name(struct tarball *ball)
{
    tarball_insert(ball, 3, "././@LongLink", "/tmp/evil");
    ball->items[3].type = 'L';
}
static void dot_dot(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), "run/../../../tmp/evil.csv");
}
static void absolute(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), "/tmp/evil.csv");
}
static void backslash(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), "run\\tests\\evil.csv");
}
static void hidden_file(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), INSTANCE ".bashrc");
}
static void control_characters(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), "run/\033[2Jx.csv");
}
static void huge_file(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->said = (uint64_t)7 << 30;
}
static void larger_than_signed(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->length = (size_t)64 << 20; /* small when it is compressed */
    free(item->data);
    item->data = vg_calloc(1, item->length);
}
static void bomb(struct tarball *ball)
{
    struct item *item = tarball_find(ball, CERT_MANIFEST);
    item->length = (size_t)200 << 20;
    free(item->data);
    item->data = vg_calloc(1, item->length);
}
static void mode(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->mode = "004755 ";
}
static void owner(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->uid = "001750 ";
}
static void time_of_file(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->mtime = "14723060000 ";
}
static void user_name(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->user = "root";
}
static void checksum(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->bad_checksum = true;
}
static void padding(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->padding = 'x';
}
static void behind_the_end(struct tarball *ball)
{
    ball->after_end = true;
}
static void second_member(struct tarball *ball)
{
    ball->second_member = true;
}
static void trailing_bytes(struct tarball *ball)
{
    ball->trailing = true;
}
static void name_in_gzip(struct tarball *ball)
{
    ball->gzip_name = true;
}
static void no_end(struct tarball *ball)
{
    ball->no_end = true;
}
static void manifest_byte(struct tarball *ball)
{
    item_replace(tarball_find(ball, CERT_MANIFEST), "\"bytes\"", "\"Bytes\"");
}
static void signature_bit(struct tarball *ball)
{
    tarball_find(ball, CERT_SIGNATURE)->data[5] ^= 4;
}
static void signature_gone(struct tarball *ball)
{
    tarball_remove(ball, tarball_index(ball, CERT_SIGNATURE));
}
static void signature_short(struct tarball *ball)
{
    tarball_find(ball, CERT_SIGNATURE)->length = 63;
}
static void other_key(struct tarball *ball)
{
    struct vg_error err = { 0 };
    vg_autofree char *other = made_path(scratch, "other-key"), *beside = made_path(scratch, "other-key.pub"),
                     *fingerprint = NULL;
    must(vg_key_new(other, &fingerprint, &err), &err);
    tarball_sign(ball, other);
    unlink(other);
    unlink(beside);
}
static void other_signer_only(struct tarball *ball)
{
    struct tarball copy = tarball_copy(ball);
    other_key(&copy);
    struct item *from = tarball_find(&copy, CERT_SIGNATURE), *to = tarball_find(ball, CERT_SIGNATURE);
    memcpy(to->data, from->data, CERT_SIGNATURE_BYTES); /* signs another manifest, by another key */
    tarball_free(&copy);
}
static void rsa_signer(struct tarball *ball)
{
    item_set(tarball_find(ball, CERT_SIGNER), "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n");
}

static const struct change without_key[] = {
    { "a byte of a sample", sample_byte, "is not the file that was signed" },
    { "a verdict", verdict_word, "is not the file that was signed" },
    { "a threshold", threshold, "is not the file that was signed" },
    { "a file added", file_added, "zzz.log` stands where" },
    { "a file added at the end", file_added_at_end, "is not in the manifest" },
    { "a file removed", file_removed, "stands where" },
    { "the last file removed", last_removed, "`statement.json` is missing" },
    { "a file renamed", file_renamed, "stands where" },
    { "two files swapped", files_swapped, "is not the file that was signed" },
    { "two entries in another order", reordered, "stands where" },
    { "an entry twice", duplicate, "stands where" },
    { "a symbolic link", symbolic_link, "is a symbolic link" },
    { "a hard link", hard_link, "is a hard link" },
    { "a directory", directory, "is a directory" },
    { "a device", device, "is a device" },
    { "an extension by pax", extension, "is an extension of tar (pax)" },
    { "an extension by GNU", long_name, "is an extension of tar (GNU)" },
    { "a path with ..", dot_dot, "leads out of the package" },
    { "an absolute path", absolute, "is absolute" },
    { "a path with backslashes", backslash, "holds other characters" },
    { "a hidden file", hidden_file, "begins with a dot" },
    { "a name that writes to terminals", control_characters, "\\x1b" },
    { "a huge file", huge_file, "the most that a file may have" },
    { "a file larger than signed", larger_than_signed, "were signed" },
    { "a decompression bomb", bomb, "the most that it may have" },
    { "a mode", mode, "mode, owner, time or another field" },
    { "an owner", owner, "mode, owner, time or another field" },
    { "a time", time_of_file, "mode, owner, time or another field" },
    { "a user's name", user_name, "mode, owner, time or another field" },
    { "a header's checksum", checksum, "mode, owner, time or another field" },
    { "bytes between two files", padding, "hidden behind the end of a file" },
    { "bytes behind the archive", behind_the_end, "behind the end of its archive" },
    { "a second gzip member", second_member, "behind the end of its compressed data" },
    { "bytes behind the compressed data", trailing_bytes, "behind the end of its compressed data" },
    { "a name in gzip's header", name_in_gzip, "gzip header is not as vgauge writes it" },
    { "an archive without its end", no_end, "ends in the middle of a file" },
    { "a byte of the manifest", manifest_byte, "the signature is not of that key" },
    { "a bit of the signature", signature_bit, "the signature is not of that key" },
    { "no signature", signature_gone, "stands where manifest.json.sig should be" },
    { "a cut signature", signature_short, "is no Ed25519 signature" },
    { "a signature by another key", other_key, "signed by another key" },
    { "another's signature", other_signer_only, "the signature is not of that key" },
    { "a signer that is no Ed25519 key", rsa_signer, "no public Ed25519 key" },
};

static void bytes_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(without_key); i++) {
        struct tarball ball = tarball_copy(&original);
        without_key[i].change(&ball);
        tarball_save(&ball, tampered);
        tarball_free(&ball);
        print_message("%s\n", without_key[i].name);
        refused(without_key[i].reason);
    }
}

/* Cut anywhere: never taken, and never a crash. */
static void cut_anywhere(void **state)
{
    struct vg_error err = { 0 };
    vg_autofree char *bytes = NULL;
    size_t length;
    (void)state;
    must(vg_read_file(package, 1 << 24, &bytes, &length, &err), &err);
    for (size_t at = 0; at < length; at += 1 + length / 150) {
        must(vg_write_file(tampered, bytes, at, &err), &err);
        refused(at < 10 ? "not compressed by gzip" : "");
    }
    must(vg_write_file(tampered, bytes, length - 1, &err), &err);
    refused("it is cut");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untouched_is_taken),
        cmocka_unit_test(bytes_changed),
        cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
