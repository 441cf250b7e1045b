/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The private root of libvirt's in-process QEMU driver: no daemon, no configuration of the host's, and everything that
 * it writes below the run's own directory. Only what libvirt learns about an emulator, which takes it seconds, is kept
 * between runs. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include "machine/internal.h"

/* Root's driver wants this account to exist, even if its configuration names another. */
#define QEMU_ACCOUNT "libvirt-qemu"

static bool check_account(struct vg_error *err)
{
    if (geteuid() != 0 || (getpwnam(QEMU_ACCOUNT) && getgrnam(QEMU_ACCOUNT)))
        return true;
    return vg_fail(err, VG_ERROR_ENVIRONMENT,
                   "libvirt's in-process QEMU driver needs the user and group " QEMU_ACCOUNT " to exist; run `make "
                   "deps`, or: useradd --system --user-group --no-create-home --shell /usr/sbin/nologin " QEMU_ACCOUNT);
}

static bool write_configuration(const char *root, struct vg_error *err)
{
    /* stdio_handler: there is no virtlogd. seccomp_sandbox: it would keep QEMU from starting Venus' render server.
     * security_driver, remember_owner, namespaces: the VM's files are the run's own. cgroup_controllers: the reference
     * scheduler makes its own. user and group: the caller. */
    vg_autofree char *text = vg_format("# Written by vgauge for one run.\n"
                                       "stdio_handler = \"file\"\n"
                                       "user = \"+%lu\"\n"
                                       "group = \"+%lu\"\n"
                                       "security_driver = \"none\"\n"
                                       "remember_owner = 0\n"
                                       "dynamic_ownership = 0\n"
                                       "namespaces = []\n"
                                       "cgroup_controllers = []\n"
                                       "seccomp_sandbox = 0\n"
                                       "max_core = 0\n",
                                       (unsigned long)geteuid(), (unsigned long)getegid());
    vg_autofree char *directory = vg_format("%s/etc", root);
    vg_autofree char *path = vg_format("%s/qemu.conf", directory);
    return vg_make_directories(directory, err) && vg_write_file(path, text, strlen(text), err);
}

/* ROOT/cache becomes a link to a directory that outlives the run. libvirt checks what it finds there against the
 * emulator's file times, the kernel and its own version, and replaces files atomically, so runs can share it. Without
 * it, a run works as well, only slower: no error. */
static void share_cache(const char *root)
{
    vg_autofree char *cache = vg_cache_directory();
    unsigned long version;
    if (!cache || virGetVersion(&version, NULL, NULL) < 0)
        return;
    vg_autofree char *directory = vg_format("%s/libvirt-%lu", cache, version);
    struct vg_error error = { 0 };
    struct stat status;
    if (!vg_make_directories(directory, &error) || lstat(directory, &status) < 0 || !S_ISDIR(status.st_mode) ||
        status.st_uid != geteuid() || (status.st_mode & 022)) {
        vg_debug("%s is not a directory of ours alone: libvirt examines the emulator anew", directory);
        return;
    }
    vg_autofree char *link = vg_format("%s/cache", root);
    if (symlink(directory, link) < 0 && errno != EEXIST)
        vg_debug("%s cannot be linked to %s: %m", link, directory);
}

char *vg_embed_root_make(const char *directory, struct vg_error *err)
{
    /* libvirt makes sockets ROOT/lib/qemu/domain-ID-NAME/monitor.sock with up to 20 characters of the name. */
    const size_t most = 48;
    if (*directory != '/' || strlen(directory) > most) {
        vg_fail(err, VG_ERROR_INPUT,
                "the runtime directory must be an absolute path of at most %zu characters, because sockets are made "
                "in it: %s",
                most, directory);
        return NULL;
    }
    if (!check_account(err))
        return NULL;
    vg_autofree char *root = vg_format("%s/v", directory);
    if (!vg_make_directories(root, err) || !write_configuration(root, err)) {
        vg_wrap(err, "libvirt's private root cannot be made");
        return NULL;
    }
    share_cache(root);
    return VG_TAKE(root);
}

char *vg_embed_uri(const char *root)
{
    vg_autotext struct vg_text uri = { 0 };
    vg_text_add(&uri, "qemu:///embed?root=");
    for (const unsigned char *c = (const unsigned char *)root; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                     strchr("/-_.~", *c) != NULL;
        vg_text_add(&uri, plain ? "%c" : "%%%02X", *c);
    }
    return VG_TAKE(uri.data);
}
