/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hosts and pGPUs of a fleet are called: "rack.17" and "rack.17/3", from numbers and back. */
#include "catalog/catalog.h"

static const struct vg_fleet_hosts *group_of_pgpu(const struct vg_fleet_file *fleet, unsigned pgpu)
{
    const struct vg_fleet_hosts *group = fleet->hosts;
    for (unsigned i = 1; i < fleet->hosts_count && fleet->hosts[i].first_pgpu <= pgpu; i++)
        group = &fleet->hosts[i];
    return group;
}

char *vg_fleet_host_name(const struct vg_fleet_file *fleet, unsigned host)
{
    const struct vg_fleet_hosts *group = fleet->hosts;
    for (unsigned i = 1; i < fleet->hosts_count && fleet->hosts[i].first_host <= host; i++)
        group = &fleet->hosts[i];
    return vg_format("%s.%u", group->name, host - group->first_host);
}

char *vg_fleet_pgpu_name(const struct vg_fleet_file *fleet, unsigned pgpu)
{
    const struct vg_fleet_hosts *group = group_of_pgpu(fleet, pgpu);
    unsigned within = pgpu - group->first_pgpu;
    return vg_format("%s.%u/%u", group->name, within / group->pgpus_per_host, within % group->pgpus_per_host);
}

/* Digits up to `end`, which must follow; -1 if they are none or too large. */
static int64_t number_up_to(const char *digits, char end, const char **after)
{
    size_t length = strspn(digits, "0123456789");
    if (!length || length > 9 || digits[length] != end || (digits[0] == '0' && length > 1))
        return -1;
    *after = digits + length + (end != '\0');
    return strtol(digits, NULL, 10);
}

/* The group and the host within it; *after: what follows the number and `end`. */
static const struct vg_fleet_hosts *find_host(const struct vg_fleet_file *fleet, const char *name, char end,
                                              int64_t *within, const char **after)
{
    const char *dot = strchr(name, '.');
    size_t length = dot ? (size_t)(dot - name) : 0;
    for (unsigned i = 0; dot && i < fleet->hosts_count; i++) {
        const struct vg_fleet_hosts *group = &fleet->hosts[i];
        if (strlen(group->name) != length || strncmp(group->name, name, length) != 0)
            continue;
        *within = number_up_to(dot + 1, end, after);
        return *within >= 0 && *within < group->count ? group : NULL;
    }
    return NULL;
}

int64_t vg_fleet_host_index(const struct vg_fleet_file *fleet, const char *name)
{
    int64_t within;
    const char *after;
    const struct vg_fleet_hosts *group = find_host(fleet, name, '\0', &within, &after);
    return group ? group->first_host + within : -1;
}

int64_t vg_fleet_pgpu_index(const struct vg_fleet_file *fleet, const char *name)
{
    int64_t within, pgpu;
    const char *after = "";
    const struct vg_fleet_hosts *group = find_host(fleet, name, '/', &within, &after);
    if (!group)
        return -1;
    pgpu = number_up_to(after, '\0', &after);
    return pgpu >= 0 && pgpu < group->pgpus_per_host ? group->first_pgpu + within * group->pgpus_per_host + pgpu : -1;
}

int vg_fleet_type_index(const struct vg_fleet_file *fleet, const char *name)
{
    for (unsigned i = 0; i < fleet->type_count; i++)
        if (strcmp(fleet->type_names[i], name) == 0)
            return (int)i;
    return -1;
}
