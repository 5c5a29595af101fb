/* programs/demo_site.c - nginx for the demo.  Called from one thread. */
#include "programs/demo_site.h"

#include "base/buf.h"
#include "base/httpc.h"
#include "base/instant.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_MS = 10000 };

int demo_free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int port = -1;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &n) == 0)
        port = ntohs(at.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

static int write_config(const struct demo_site *s, enum demo_config config,
                        struct err *err)
{
    char path[700];
    snprintf(path, sizeof path, "%s/nginx.conf", s->dir);
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return err_sys(err, errno, "%s cannot be written", path);
    fprintf(
        f,
        "daemon off;\n%sworker_processes 2;\npid %s/nginx.pid;\n"
        "error_log %s/error.log;\nevents { worker_connections 512; }\nhttp {\n"
        "  log_format calls '$msec $status $request_time%s';\n"
        "  access_log %s calls;\n"
        "  client_body_temp_path %s/tmp; proxy_temp_path %s/tmp;\n"
        "  fastcgi_temp_path %s/tmp; uwsgi_temp_path %s/tmp; scgi_temp_path %s/tmp;\n",
        geteuid() == 0 ? "user www-data;\n" : "", s->dir, s->dir,
        config >= DEMO_LONGER_LOG ? " $request_id $bytes_sent" : "", s->log, s->dir,
        s->dir, s->dir, s->dir, s->dir);
    if (config == DEMO_RATE_LIMIT)
        fprintf(f, "  limit_req_zone $server_port zone=pay:1m rate=%dr/s;\n",
                DEMO_RATE_LIMITED);
    fprintf(f,
            "  server {\n    listen 127.0.0.1:%d;\n    location /pay {\n%s"
            "      proxy_pass http://127.0.0.1:%d;\n    }\n  }\n"
            "  server {\n    listen 127.0.0.1:%d;\n    access_log off;\n"
            "    location / { return 200 \"paid, configuration %d\\n\"; }\n  }\n}\n",
            s->port,
            config == DEMO_RATE_LIMIT ? "      limit_req zone=pay burst=12;\n" : "",
            s->back_port, s->back_port, (int)config);
    bool bad = ferror(f);
    if (fclose(f) != 0 || bad)
        return err_sys(err, errno, "%s cannot be written", path);
    return 0;
}

/* Waits until the back server, whose answer names its configuration, is the new one. */
static int await(struct demo_site *s, enum demo_config config, struct err *err)
{
    char url[64], want[40];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", s->back_port);
    snprintf(want, sizeof want, "configuration %d\n", (int)config);
    struct httpc *c = httpc_new(url, err);
    if (c == NULL)
        return -1;
    OWNED_BUF body = {0};
    int64_t until = monotonic_ms() + READY_MS;
    int in_a_row = 0; /* an old worker may still answer now and then */
    while (in_a_row < 3 && monotonic_ms() < until && spawn_check(&s->nginx, err) == 0) {
        unsigned status = 0;
        struct httpc_ask ask = {.method = "GET", .path = "/", .timeout_ms = 1000};
        buf_clear(&body);
        bool ok = httpc_call(c, &ask, &status, &body, NULL) == 0 && status == 200 &&
                  strstr(buf_text(&body), want) != NULL;
        in_a_row = ok ? in_a_row + 1 : 0;
        httpc_close(c);
        if (!ok)
            poll(NULL, 0, 20);
    }
    httpc_free(&c);
    if (in_a_row < 3)
        return err_set(err, ETIMEDOUT, "nginx did not answer; see %s/nginx.log",
                       s->dir);
    return 0;
}

int demo_site_start(struct demo_site *s, const char *dir, struct err *err)
{
    *s = (struct demo_site){.port = demo_free_port(), .back_port = demo_free_port()};
    snprintf(s->dir, sizeof s->dir, "%s", dir);
    snprintf(s->log, sizeof s->log, "%s/access.log", dir);
    char conf[600], log[600], tmp[600];
    snprintf(tmp, sizeof tmp, "%s/tmp", dir);
    snprintf(conf, sizeof conf, "%s/nginx.conf", dir);
    snprintf(log, sizeof log, "%s/nginx.log", dir);
    if (s->port < 0 || s->back_port < 0)
        return err_set(err, EADDRINUSE, "127.0.0.1 has no free port");
    if (mkdir(dir, 0700) < 0 || mkdir(tmp, 0700) < 0)
        return err_sys(err, errno, "%s cannot be made", dir);
    if (write_config(s, DEMO_FIRST, err) < 0)
        return -1;
    /* nginx lies in /usr/sbin, which is not on everybody's PATH */
    const char *program =
        access("/usr/sbin/nginx", X_OK) == 0 ? "/usr/sbin/nginx" : "nginx";
    char error_log[700];
    snprintf(error_log, sizeof error_log, "%s/error.log", dir);
    char *argv[] = {
        (char *)(intptr_t)program, "-e", error_log, "-p", s->dir, "-c", conf, NULL};
    if (spawn_start(&s->nginx, "nginx", argv, log, err) < 0)
        return -1;
    return await(s, DEMO_FIRST, err);
}

int demo_site_change(struct demo_site *s, enum demo_config to, struct err *err)
{
    if (write_config(s, to, err) < 0)
        return -1;
    if (kill(s->nginx.pid, SIGHUP) < 0)
        return err_sys(err, errno, "nginx cannot be reloaded");
    return await(s, to, err);
}

void demo_site_stop(struct demo_site *s)
{
    spawn_stop(&s->nginx, 3000);
}
