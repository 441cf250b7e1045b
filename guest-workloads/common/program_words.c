/* SPDX-License-Identifier: MIT */
/* What programs of others say, found in what they printed; lists and names of them. Pure: nothing is run here. */
#include <ctype.h>
#include <stdio.h>
#include "common/program.h"

const char *vg_program_text(struct vg_program *program)
{
    size_t end = program->length;
    while (end && isspace((unsigned char)program->output[end - 1]))
        end--;
    size_t begin = end;
    while (begin && program->output[begin - 1] != '\n')
        begin--;
    char state[48];
    if (program->timed_out)
        snprintf(state, sizeof(state), "did not end in time");
    else if (program->signal)
        snprintf(state, sizeof(state), "was killed by signal %d", program->signal);
    else
        snprintf(state, sizeof(state), "ended with status %d", program->status);
    if (end > begin)
        snprintf(program->how, sizeof(program->how), "%s (%.*s)", state, (int)(end - begin), program->output + begin);
    else
        snprintf(program->how, sizeof(program->how), "%s", state);
    return program->how;
}

static void copy(const char *from, size_t length, char *value, size_t size)
{
    while (length && isspace((unsigned char)*from))
        from++, length--;
    while (length && isspace((unsigned char)from[length - 1]))
        length--;
    length = length < size ? length : size - 1;
    memcpy(value, from, length);
    value[length] = '\0';
}

bool vg_program_value(const char *text, const char *word, char *value, size_t size)
{
    const char *found = strstr(text, word);
    if (found)
        copy(found + strlen(word), strcspn(found + strlen(word), "\n"), value, size);
    return found != NULL;
}

bool vg_program_last(const char *text, const char *word, const char *ends, char *value, size_t size)
{
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
        found = at + strlen(word);
    if (found)
        found += strspn(found, " ");
    if (found)
        copy(found, strcspn(found, ends), value, size);
    return found != NULL;
}

bool vg_program_next(const char **list, char *word, size_t size)
{
    const char *start = *list + strspn(*list, " \n");
    size_t length = strcspn(start, " \n");
    *list = start + length;
    copy(start, length, word, size);
    return length > 0;
}

void vg_program_check_name(const char *text, char *name, size_t size)
{
    size_t length = 0;
    for (; *text && length + 1 < size; text++) {
        if (isalnum((unsigned char)*text))
            name[length++] = (char)tolower((unsigned char)*text);
        else if (length && name[length - 1] != '-')
            name[length++] = '-';
    }
    while (length && name[length - 1] == '-')
        length--;
    name[length] = '\0';
}
