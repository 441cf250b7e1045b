/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge key`: the keys that certification packages are signed with. */
#include "certify/certify.h"
#include "commands/command.h"

static int make(void *options, const char *argument, struct vg_error *err)
{
    (void)options;
    vg_autofree char *fingerprint = NULL;
    if (!vg_key_new(argument, &fingerprint, err))
        return -1;
    printf("%s\n", fingerprint);
    printf("Private key  %s      keep it to yourself; it has no password\n", argument);
    printf("Public key   %s.pub  give it to those who verify, with the fingerprint above by another way\n", argument);
    return 0;
}

static int show(void *options, const char *argument, struct vg_error *err)
{
    (void)options;
    vg_autofree char *fingerprint = vg_key_fingerprint(argument, err);
    if (!fingerprint)
        return -1;
    printf("%s\n", fingerprint);
    return 0;
}

static const struct cmd_command cmd_key_new = {
    .name = "key new",
    .summary = "make a key pair",
    .doc =
        "Writes a private Ed25519 key to FILE (PEM, only you can read it) and its public half to FILE.pub, and prints "
        "the fingerprint of the public key. Nothing is ever written over.",
    .argument = "FILE",
    .run = make,
};

static const struct cmd_command cmd_key_show = {
    .name = "key show",
    .summary = "print a key's fingerprint",
    .doc = "Of a public key's file, or of a private one's: sha256 of the 32 bytes of the public key.",
    .argument = "FILE",
    .run = show,
};

static const struct cmd_command *const verbs[] = { &cmd_key_new, &cmd_key_show, NULL };

const struct cmd_command cmd_key = {
    .name = "key",
    .summary = "make and show keys that sign certification packages",
    .doc = "A key is a file; vgauge keeps none of its own.",
    .verbs = verbs,
};
