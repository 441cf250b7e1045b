/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of words, settings and names: what the rest of the program asks of them. */
#include "catalog/load.h"

bool vg_words_have(const struct vg_words *words, const char *word)
{
    for (unsigned i = 0; i < words->count; i++)
        if (strcmp(words->items[i], word) == 0)
            return true;
    return false;
}

const char *vg_settings_get(const struct vg_settings *settings, const char *name)
{
    for (unsigned i = 0; i < settings->count; i++)
        if (strcmp(settings->items[i].name, name) == 0)
            return settings->items[i].value;
    return NULL;
}

const char *vg_settings_or_default(const struct vg_settings *settings, const struct vg_descriptor *of, const char *name)
{
    const char *value = vg_settings_get(settings, name);
    const struct vg_param *param = value ? NULL : vg_param_find(of, name);
    return param ? param->def : value;
}

long long vg_settings_number(const struct vg_settings *settings, const struct vg_descriptor *of, const char *name)
{
    long long value = 0;
    const char *text = vg_settings_or_default(settings, of, name);
    return text && vg_parse_int(text, &value) ? value : 0;
}

void vg_names_free(char **names, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

json_t *vg_words_to_json(const struct vg_words *words)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < words->count; i++) {
        json_t *text = json_string(words->items[i]);
        vg_json_append(array, text ? text : json_null());
    }
    return array;
}
