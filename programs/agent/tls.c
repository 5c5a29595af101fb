/* programs/agent/tls.c - a table of functions out of a library that may not be there.
 *
 * The types come from OpenSSL's header, the functions by dlsym: nothing is linked.  The
 * library stays once it was opened; the context is made anew when another file of
 * authorities is named. */
#include "programs/agent/tls.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* what it gives, name, what it takes */
#define FUNCTIONS(X)                                                                   \
    X(const SSL_METHOD *, TLS_client_method, (void))                                   \
    X(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *))                                    \
    X(void, SSL_CTX_free, (SSL_CTX *))                                                 \
    X(int, SSL_CTX_set_default_verify_paths, (SSL_CTX *))                              \
    X(int, SSL_CTX_load_verify_locations, (SSL_CTX *, const char *, const char *))     \
    X(void, SSL_CTX_set_verify, (SSL_CTX *, int, SSL_verify_cb))                       \
    X(long, SSL_CTX_ctrl, (SSL_CTX *, int, long, void *))                              \
    X(SSL *, SSL_new, (SSL_CTX *))                                                     \
    X(void, SSL_free, (SSL *))                                                         \
    X(int, SSL_set_fd, (SSL *, int))                                                   \
    X(long, SSL_ctrl, (SSL *, int, long, void *))                                      \
    X(int, SSL_set1_host, (SSL *, const char *))                                       \
    X(X509_VERIFY_PARAM *, SSL_get0_param, (SSL *))                                    \
    X(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM *, const char *))         \
    X(int, SSL_connect, (SSL *))                                                       \
    X(int, SSL_read, (SSL *, void *, int))                                             \
    X(int, SSL_write, (SSL *, const void *, int))                                      \
    X(int, SSL_pending, (const SSL *))                                                 \
    X(int, SSL_get_error, (const SSL *, int))                                          \
    X(long, SSL_get_verify_result, (const SSL *))                                      \
    X(const char *, X509_verify_cert_error_string, (long))                             \
    X(void, ERR_clear_error, (void))

static struct {
    void *handle;
    SSL_CTX *context;
    char *trusted;
#define X(gives, name, takes) gives(*name) takes;
    FUNCTIONS(X)
#undef X
} lib;

struct agent_tls {
    SSL *ssl;
};

static int open_library(struct err *err)
{
    static const char *const names[] = {
#define X(gives, name, takes) #name,
        FUNCTIONS(X)
#undef X
    };
    void *const places[] = {
#define X(gives, name, takes) &lib.name,
        FUNCTIONS(X)
#undef X
    };
    if (lib.handle != NULL)
        return 0;
    void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return err_set(err, ENOENT, "TLS needs OpenSSL 3: %.200s", dlerror());
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *function = dlsym(library, names[i]);
        if (function == NULL) {
            dlclose(library);
            return err_set(err, ENOSYS, "libssl.so.3 has no %s", names[i]);
        }
        memcpy(places[i], &function, sizeof function); /* as POSIX has it */
    }
    lib.handle = library;
    return 0;
}

static int open_context(struct err *err)
{
    if (lib.context != NULL)
        return 0;
    SSL_CTX *c = lib.SSL_CTX_new(lib.TLS_client_method());
    if (c == NULL)
        return err_set(err, ENOMEM, "TLS: out of memory");
    lib.SSL_CTX_ctrl(c, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
    lib.SSL_CTX_ctrl(c, SSL_CTRL_MODE,
                     SSL_MODE_ENABLE_PARTIAL_WRITE |
                         SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS,
                     NULL);
    lib.SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    int good = lib.trusted != NULL
                   ? lib.SSL_CTX_load_verify_locations(c, lib.trusted, NULL)
                   : lib.SSL_CTX_set_default_verify_paths(c);
    if (good != 1) {
        lib.ERR_clear_error();
        lib.SSL_CTX_free(c);
        return err_set(err, EINVAL, "%.200s holds no certificates of authorities",
                       lib.trusted != NULL ? lib.trusted : "the system");
    }
    lib.context = c;
    return 0;
}

void agent_tls_trust(const char *file)
{
    if (file != NULL && file[0] == '\0')
        file = NULL;
    bool same = file != NULL && lib.trusted != NULL
                    ? strcmp(file, lib.trusted) == 0
                    : file == NULL && lib.trusted == NULL;
    if (same)
        return;
    free(lib.trusted);
    lib.trusted = file != NULL ? strdup(file) : NULL;
    if (lib.context != NULL)
        lib.SSL_CTX_free(lib.context); /* its connections hold it */
    lib.context = NULL;
}

/* An address is in another part of a certificate than a name, and is no SNI. */
static bool expect(SSL *ssl, const char *host)
{
    unsigned char room[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1)
        return lib.X509_VERIFY_PARAM_set1_ip_asc(lib.SSL_get0_param(ssl), host) == 1;
    char name[256];
    snprintf(name, sizeof name, "%s", host); /* SSL_ctrl takes no const */
    return lib.SSL_set1_host(ssl, host) == 1 &&
           lib.SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                        name) == 1;
}

struct agent_tls *agent_tls_new(int fd, const char *host, struct err *err)
{
    if (open_library(err) < 0 || open_context(err) < 0)
        return NULL;
    struct agent_tls *t = calloc(1, sizeof *t);
    if (t != NULL)
        t->ssl = lib.SSL_new(lib.context);
    if (t == NULL || t->ssl == NULL || lib.SSL_set_fd(t->ssl, fd) != 1 ||
        !expect(t->ssl, host)) {
        agent_tls_free(&t);
        err_set(err, ENOMEM, "TLS: out of memory");
    }
    return t;
}

void agent_tls_free(struct agent_tls **t)
{
    if (*t == NULL)
        return;
    if ((*t)->ssl != NULL)
        lib.SSL_free((*t)->ssl);
    free(*t);
    *t = NULL;
}

int agent_tls_shake(struct agent_tls *t, struct err *err)
{
    lib.ERR_clear_error();
    errno = 0;
    int rc = lib.SSL_connect(t->ssl);
    if (rc == 1)
        return 0;
    int why = lib.SSL_get_error(t->ssl, rc), system = errno;
    if (why == SSL_ERROR_WANT_READ)
        return POLLIN;
    if (why == SSL_ERROR_WANT_WRITE)
        return POLLOUT;
    long verified = lib.SSL_get_verify_result(t->ssl);
    if (verified != X509_V_OK)
        return err_set(err, EACCES, "its certificate is not trusted: %s",
                       lib.X509_verify_cert_error_string(verified));
    if (why == SSL_ERROR_SYSCALL && system != 0)
        return err_sys(err, system, "TLS");
    return err_set(err, EPROTO, "it does not speak TLS as we do");
}

/* What a result of SSL_read or SSL_write means. */
static ssize_t result(struct agent_tls *t, int rc)
{
    int system = errno;
    if (rc > 0)
        return rc;
    switch (lib.SSL_get_error(t->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        errno = system != 0 ? system : ECONNRESET;
        return -1;
    default:
        errno = EPROTO;
        return -1;
    }
}

ssize_t agent_tls_read(struct agent_tls *t, void *to, size_t n)
{
    lib.ERR_clear_error();
    errno = 0;
    return result(t, lib.SSL_read(t->ssl, to, n < INT_MAX ? (int)n : INT_MAX));
}

ssize_t agent_tls_write(struct agent_tls *t, const void *from, size_t n)
{
    lib.ERR_clear_error();
    errno = 0;
    return result(t, lib.SSL_write(t->ssl, from, n < INT_MAX ? (int)n : INT_MAX));
}

bool agent_tls_pending(struct agent_tls *t)
{
    return lib.SSL_pending(t->ssl) > 0;
}
