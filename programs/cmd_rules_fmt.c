/* programs/cmd_rules_fmt.c - `aftercheck rules fmt`: rule files in their usual form.
 *
 * A file is written aside and renamed, with the mode it had, so that it is whole at any
 * time.  One thread. */
#include "base/opt.h"
#include "base/yaml.h"
#include "programs/cmd.h"
#include "programs/cmd_rules.h"
#include "rules/codes.h"
#include "rules/tidy.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

struct formatter {
    int check;
    bool differs;
    struct complaints c;
};

static void fail(struct formatter *f, const char *path, int why, const char *what)
{
    complain(&f->c, path, 1, 1, "file", "cannot be %s: %s", what, strerror(why));
}

/* One byte more than a rule file may have shows that it is too long. */
static bool read_all(FILE *from, struct buf *to)
{
    char *room = buf_room(to, YAML_BYTES_MAX + 1);
    if (room == NULL)
        return false;
    to->len += fread(room, 1, YAML_BYTES_MAX + 1, from);
    room[to->len] = '\0';
    return !ferror(from);
}

static int write_aside(const char *path, const struct buf *text, mode_t mode)
{
    char aside[PATH_BYTES];
    if (snprintf(aside, sizeof aside, "%s.new", path) >= (int)sizeof aside)
        return ENAMETOOLONG;
    FILE *f = fopen(aside, "wxe");
    if (f == NULL)
        return errno;
    bool ok = fwrite(buf_text(text), 1, text->len, f) == text->len && fflush(f) == 0 &&
              fchmod(fileno(f), mode & 07777) == 0 && fsync(fileno(f)) == 0;
    int why = ok ? 0 : errno;
    if (fclose(f) != 0 && ok)
        why = errno;
    if (why == 0 && rename(aside, path) != 0)
        why = errno;
    if (why != 0)
        unlink(aside);
    return why;
}

static void fmt_file(struct formatter *f, const char *path)
{
    OWNED_BUF text = {0}, out = {0};
    struct stat st;
    FILE *from = fopen(path, "re");
    bool ok = from != NULL && fstat(fileno(from), &st) == 0 && read_all(from, &text);
    if (!ok)
        fail(f, path, errno, "read");
    if (from != NULL)
        fclose(from);
    if (!ok || tidy(path, buf_text(&text), text.len, &out, &f->c) < 0)
        return;
    if (out.len == text.len && memcmp(buf_text(&out), buf_text(&text), out.len) == 0)
        return;
    f->differs = true;
    printf("%s\n", path);
    int why = f->check ? 0 : write_aside(path, &out, st.st_mode);
    if (why != 0)
        fail(f, path, why, "written");
}

static int is_rule_file(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && d->d_name[0] != '.' && strcmp(d->d_name + n - 4, ".yml") == 0;
}

static void fmt_folder(struct formatter *f, const char *path)
{
    struct dirent **entry = NULL;
    int n = scandir(path, &entry, is_rule_file, alphasort);
    if (n < 0)
        fail(f, path, errno, "read");
    for (int i = 0; i < n; i++) {
        char file[PATH_BYTES];
        if (snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name) <
            (int)sizeof file)
            fmt_file(f, file);
        else
            fail(f, path, ENAMETOOLONG, "read");
        free(entry[i]);
    }
    free(entry);
}

static void fmt_stdin(struct formatter *f)
{
    OWNED_BUF text = {0}, out = {0};
    if (!read_all(stdin, &text))
        fail(f, "-", errno, "read");
    else if (tidy("-", buf_text(&text), text.len, &out, &f->c) == 0) {
        f->differs = out.len != text.len ||
                     memcmp(buf_text(&out), buf_text(&text), out.len) != 0;
        if (!f->check)
            fwrite(buf_text(&out), 1, out.len, stdout);
    }
}

static void fmt_path(struct formatter *f, const char *path)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        fmt_stdin(f);
    else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        fmt_folder(f, path);
    else
        fmt_file(f, path);
}

int cmd_rules_fmt(int argc, char **argv)
{
    struct formatter f = {0};
    const struct opt opts[] = {
        {"check", NULL, "Changes nothing; exits with 1 when a file is not tidy.",
         &f.check},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck rules fmt",
        .synopsis = "PATH...",
        .about =
            "Puts rule files, all *.yml of folders, or standard input (-) into "
            "their usual form: the fields in the manual's order, evenly indented, "
            "comments kept, nothing of what they say changed.  Prints the names of "
            "the files that it changes.",
        .more = "Exit: 0 all are tidy now, 1 a file cannot be tidied or, with --check, "
                "is not tidy, 2 wrong usage.",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    if (first == argc) {
        struct err err = {0};
        err_set(&err, 0, "name a rule file, a folder of them, or -; see --help");
        return cmd_fail("rules fmt", EXIT_USAGE, &err);
    }
    for (int i = first; i < argc; i++)
        fmt_path(&f, argv[i]);
    OWNED_BUF text = {0};
    rules_code_all(&f.c, 0);
    complaints_sort(&f.c);
    complaints_write(&f.c, &text);
    fputs(buf_text(&text), stderr);
    bool bad = f.c.errors > 0 || (f.check && f.differs);
    complaints_free(&f.c);
    return bad ? EXIT_REFUSED : 0;
}
