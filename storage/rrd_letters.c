/* storage/rrd_letters.c - which letters charts can be written with.
 *
 * It runs in the rrd child.  librrd writes by way of pango and fontconfig, which are
 * loaded with it: fontconfig is asked through that same handle, so that it is the one
 * that will draw, with the same settings.  Of its interface (fontconfig.h, stable since
 * 2.0) three calls and the head of one struct are needed.  No state. */
#include "storage/rrd_part.h"

#include <dlfcn.h>

struct font_set { /* FcFontSet begins so */
    int n, room;
    void **font;
};

static void *(*name_parse)(const char *name);
static void *(*object_set_build)(const char *first, ...);
static struct font_set *(*font_list)(void *config, void *pattern, void *objects);

/* POSIX has dlsym give functions as object pointers. */
static bool load(void *librrd)
{
    *(void **)&name_parse = dlsym(librrd, "FcNameParse");
    *(void **)&object_set_build = dlsym(librrd, "FcObjectSetBuild");
    *(void **)&font_list = dlsym(librrd, "FcFontList");
    return name_parse != NULL && object_set_build != NULL && font_list != NULL;
}

bool rrd_letters_there(void *librrd)
{
    if (!load(librrd))
        return false;
    /* asked once in a process's life: what it gives is kept till the end */
    void *pattern = name_parse(":lang=zh-cn");
    void *objects = object_set_build("family", (char *)0);
    if (pattern == NULL || objects == NULL)
        return false;
    const struct font_set *set = font_list(NULL, pattern, objects);
    return set != NULL && set->n > 0;
}
