/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks that several kinds of file share; see check.h. */
#include "catalog/check.h"

#include "catalog/explain.h"

bool vg_check_placed(const struct vg_document *document, const char *path, struct vg_error *err)
{
    vg_autofree char *text = vg_strdup(err->text);
    return vg_document_fail(document, path, err, "%s", text);
}

bool vg_check_name(const struct vg_document *document, const char *path, const char *name, struct vg_error *err)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (length && length <= 48 && !name[length] && *name != '-')
        return true;
    vg_autofree char *shown = vg_printable(name, strlen(name), VG_SHOWN_BYTES);
    return vg_document_fail(document, path, err,
                            "`%s` is not a name: use 1 to 48 lower-case letters, digits and hyphens", shown);
}

bool vg_check_range(const struct vg_document *document, const char *path, unsigned *value, unsigned fallback,
                    unsigned min, unsigned max, struct vg_error *err)
{
    if (!vg_document_at(document, path)) {
        *value = fallback;
        return true;
    }
    if (*value >= min && *value <= max)
        return true;
    vg_autofree char *name = vg_path_name(path);
    return vg_document_fail(document, path, err, "%s must be from %u to %u, not %u", name, min, max, *value);
}

bool vg_check_word(const struct vg_document *document, const char *path, const char *what, const char *word,
                   const char *const *words, size_t count, struct vg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    vg_autofree char *shown = vg_printable(word, strlen(word), VG_SHOWN_BYTES);
    vg_autofree char *meant = vg_did_you_mean(word, words, count);
    if (*meant || count > 12)
        return vg_document_fail(document, path, err, "unknown %s `%s`%s", what, shown, meant);
    vg_autotext struct vg_text all = { 0 };
    for (size_t i = 0; i < count; i++)
        vg_text_add(&all, "%s`%s`", i ? ", " : "", words[i]);
    return vg_document_fail(document, path, err, "unknown %s `%s`; possible here: %s", what, shown,
                            all.data ? all.data : "nothing");
}

bool vg_check_words(const struct vg_document *document, const char *path, const char *what, const struct vg_words *list,
                    const char *const *words, size_t count, struct vg_error *err)
{
    for (unsigned i = 0; i < list->count; i++) {
        vg_autofree char *place = vg_format("%s/%u", path, i);
        if (words && !vg_check_word(document, place, what, list->items[i], words, count, err))
            return false;
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(list->items[i], list->items[j]) != 0)
                continue;
            vg_autofree char *shown = vg_printable(list->items[i], strlen(list->items[i]), VG_SHOWN_BYTES);
            return vg_document_fail(document, place, err, "`%s` stands here twice", shown);
        }
    }
    return true;
}

const struct vg_descriptor *vg_check_descriptor(const struct vg_document *document, const char *path,
                                                enum vg_descriptor_kind kind, const char *name, struct vg_error *err)
{
    vg_autofree char *shown = vg_printable(name, strlen(name), VG_SHOWN_BYTES);
    const struct vg_descriptor *found = vg_descriptor_require(kind, shown, err);
    if (!found)
        vg_check_placed(document, path, err);
    return found;
}

bool vg_check_mechanisms(const struct vg_document *document, const char *path, const struct vg_words *words,
                         struct vg_error *err)
{
    for (unsigned i = 0; i < words->count; i++) {
        vg_autofree char *place = vg_format("%s/%u", path, i);
        if (!vg_check_descriptor(document, place, VG_KIND_MECHANISM, words->items[i], err))
            return false;
    }
    return vg_check_words(document, path, "mechanism", words, NULL, 0, err);
}

static bool unknown_param(const struct vg_document *document, const char *path, const struct vg_descriptor *descriptor,
                          const char *name, struct vg_error *err)
{
    vg_autofree const char **names = NULL;
    size_t count = 0;
    vg_autotext struct vg_text all = { 0 };
    for (const struct vg_param *param = descriptor->params; param && param->name; param++) {
        vg_text_add(&all, "%s`%s`", count ? ", " : "", param->name);
        vg_push(names, count) = param->name;
    }
    vg_autofree char *shown = vg_printable(name, strlen(name), VG_SHOWN_BYTES);
    vg_autofree char *meant = vg_did_you_mean(name, names, count);
    return vg_document_fail_key(document, path, err, "%s `%s` has no parameter `%s`%s%s",
                                vg_descriptor_kind_name(descriptor->kind), descriptor->name, shown,
                                *meant ? meant : "; it has ",
                                *meant     ? ""
                                : all.data ? all.data
                                           : "none");
}

bool vg_check_settings(const struct vg_document *document, const char *path, const struct vg_descriptor *descriptor,
                       const struct vg_settings *settings, bool references, struct vg_error *err)
{
    for (unsigned i = 0; i < settings->count; i++) {
        const struct vg_setting *setting = &settings->items[i];
        vg_autofree char *place = vg_format("%s/%s", path, setting->name);
        const struct vg_param *param = vg_param_find(descriptor, setting->name);
        if (!param)
            return unknown_param(document, place, descriptor, setting->name, err);
        if (references && setting->value[0] == '=')
            continue;
        if (!vg_param_check(descriptor, param, setting->value, err))
            return vg_check_placed(document, place, err);
    }
    for (const struct vg_param *param = descriptor->params; param && param->name; param++)
        if (!param->def && !vg_settings_get(settings, param->name))
            return vg_document_fail(document, path, err, "%s `%s` needs the parameter `%s`: %s",
                                    vg_descriptor_kind_name(descriptor->kind), descriptor->name, param->name,
                                    param->summary ? param->summary : "it has no default");
    return true;
}
