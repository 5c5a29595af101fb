/* base/err.h - why something failed, in words for the person who has to act.
 *
 * A function that can fail takes a `struct err *` last but for its ret_ parameters,
 * gives 0 or -1 (or a pointer or NULL), and on failure says why with err_set.  The
 * caller owns the struct and starts it as `struct err err = {0};`.  NULL is allowed
 * where nobody wants the reason. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
    int code; /* an errno value; 0 means no error so far */
    char text[500];
};

/* Writes code and text; always gives -1, so `return err_set(...)` reads as the failure
 * it is.  The first cause is kept: what fails afterwards is only its echo. */
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the system's words for `errnum` behind the text. */
int err_sys(struct err *e, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The analyzer sees one file at a time, so it is told what they give. */
#ifdef __clang_analyzer__
#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#endif

#endif
