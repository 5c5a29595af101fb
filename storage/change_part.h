/* storage/change_part.h - what reading events and folding them share; nobody else
 * includes it. */
#ifndef STORAGE_CHANGE_PART_H
#define STORAGE_CHANGE_PART_H

#include "storage/change.h"

#include <stddef.h>

/* The text that lies at `offset` of an event or a change. */
static inline char **change_text_at(void *base, size_t offset)
{
    return (char **)(void *)((char *)base + offset);
}

void change_labels_free(struct label *label, size_t n);

#endif
