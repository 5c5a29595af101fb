/* storage/verdict_part.h - the plain members of a verdict and what is done with them;
 * only storage/verdict*.c include it. */
#ifndef STORAGE_VERDICT_PART_H
#define STORAGE_VERDICT_PART_H

#include "storage/verdict.h"

/* How one sort of member is written and read. */
struct verdict_how {
    void (*write)(struct jsonw *w, const char *name, const void *field);
    int (*read)(const struct json_at *v, void *field, struct err *err);
};

struct verdict_member {
    const char *name;
    const struct verdict_how *how;
    size_t offset;
};

/* In the order they stand in, each ended by a member without a name. */
extern const struct verdict_member verdict_members_head[];     /* struct verdict */
extern const struct verdict_member verdict_members_tail[];     /* struct verdict */
extern const struct verdict_member verdict_members_coverage[]; /* struct coverage */
extern const struct verdict_member verdict_members_finding[];  /* struct finding */
extern const struct verdict_member verdict_members_muted[];    /* struct muted */
extern const struct verdict_member verdict_members_counts[];   /* struct finding */
extern const struct verdict_member verdict_members_host[];     /* struct finding_host */
extern const struct verdict_member verdict_members_host_numbers[];
extern const struct verdict_member verdict_members_nearby[]; /* struct nearby */
extern const struct verdict_member verdict_members_curve[];  /* struct curve */

void verdict_members_write(const struct verdict_member *m, const void *of,
                           struct jsonw *w);
/* A member that is absent is left as it is. */
int verdict_members_read(const struct verdict_member *m, const struct json_at *obj,
                         void *into, struct err *err);
/* Frees the texts and makes them NULL. */
void verdict_members_clear(const struct verdict_member *m, void *of);
/* The numbers become NaN: unknown. */
void verdict_members_blank(const struct verdict_member *m, void *of);
/* A whole number from 0, as the members of that sort are read. */
int verdict_read_int(const struct json_at *v, int *ret_int, struct err *err);

/* The lines of a curve: arrays of its `n` numbers. */
enum { VERDICT_LINES_N = 3 };
struct verdict_line {
    const char *name;
    size_t offset; /* of a double * in struct curve */
};
extern const struct verdict_line verdict_lines[VERDICT_LINES_N];
double *verdict_line(const struct curve *c, size_t i);
double **verdict_line_at(struct curve *c, size_t i);

#endif
