/* tests of notifier/post: signatures as a receiver checks them, and what ends how */
#include "notifier/post.h"

#include "base/hash.h"
#include "base/httpd.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char seen[4][300]; /* delivery, authorization, signature, query */
static unsigned answer;

static void keep(char *to, const char *text)
{
    snprintf(to, sizeof seen[0], "%s", text != NULL ? text : "");
}

/* "good" when the signature is that of the body under "s3cret". */
static void check_signature(struct httpd_req *r)
{
    size_t n;
    const char *body = httpd_body(r, &n);
    const char *stamp = httpd_header(r, "Aftercheck-Timestamp"),
               *sign = httpd_header(r, "Aftercheck-Signature");
    unsigned char mac[SHA256_BYTES];
    char text[400], hex[80] = "sha256=";
    keep(seen[2], "");
    if (stamp == NULL || sign == NULL)
        return;
    int len = snprintf(text, sizeof text, "%s.%.*s", stamp, (int)n, body);
    hmac_sha256("s3cret", 6, text, (size_t)len, mac);
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(hex + 7 + 2 * i, 3, "%02x", mac[i]);
    keep(seen[2], strcmp(hex, sign) == 0 ? "good" : "bad");
}

static void take(struct httpd_req *r, void *app)
{
    (void)app;
    keep(seen[0], httpd_header(r, "Aftercheck-Delivery"));
    keep(seen[1], httpd_header(r, "Authorization"));
    check_signature(r);
    keep(seen[3], httpd_query(r, "sign"));
    httpd_answer(r, answer, "text/plain", "", 0);
}

static const struct httpd_route routes[] = {
    {.method = "POST", .path = "/hook", .serve = take, .body_max = 1000}, {0}};

static const char *file_of(const char *name, const char *text)
{
    static char path[3][300];
    static int n;
    char *p = path[n++ % 3];
    snprintf(p, sizeof path[0], "%s/%s", test_dir(), name);
    FILE *f = fopen(p, "w");
    CHECK(f != NULL);
    fputs(text, f);
    fclose(f);
    CHECK_INT(chmod(p, 0600), 0);
    return p;
}

static struct post_result send_to(const struct post_target *target, unsigned status)
{
    struct post_target t = *target;
    struct post_call c = {"application/json", "c1/2", "{\"a\":1}", 7};
    struct post_result ret;
    answer = status;
    t.connect_time = (span){2000};
    t.whole_time = (span){10000};
    post_send(&t, &c, (instant){1795255200123}, NULL, &ret);
    return ret;
}

static struct httpd *serve(char url[100])
{
    static struct httpd_mount mount = {routes, NULL};
    struct err err = {0};
    struct httpd_spec spec = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    struct httpd *h = httpd_start(&spec, &err);
    CHECK(h != NULL);
    snprintf(url, 100, "http://%s/hook", httpd_address(h));
    return h;
}

TEST(a_receiver_can_check_who_calls)
{
    char url[100];
    struct httpd *h = serve(url);
    struct post_target t = {.url_file = file_of("url", url),
                            .sign = WEBHOOK_SHA256,
                            .secret_file = file_of("secret", "s3cret\n"),
                            .token_file = file_of("token", "abc\n")};
    CHECK_INT(send_to(&t, 200).end, POST_DONE);
    CHECK_TEXT(seen[0], "c1/2");
    CHECK_TEXT(seen[1], "Bearer abc");
    CHECK_TEXT(seen[2], "good");
    httpd_stop(&h, 100);
}

/* The expected text was made with: printf '1795255200123\ns3cret' | openssl dgst
 * -sha256 -hmac s3cret -binary | base64 */
TEST(dingtalk_gets_its_signature_in_the_address)
{
    char url[100];
    struct httpd *h = serve(url);
    struct post_target t = {.url = url,
                            .sign = WEBHOOK_SIGN_DINGTALK,
                            .secret_file = file_of("secret", "s3cret\n")};
    CHECK_INT(send_to(&t, 200).end, POST_DONE);
    CHECK_TEXT(seen[3], "0k1oi1VZoMJJWKTcoar6mwF31XrKeQlYXrGlYyHkWxs=");
    CHECK_TEXT(seen[1], "");
    httpd_stop(&h, 100);
}

TEST(what_may_pass_is_tried_again_what_will_not_is_not)
{
    static const struct {
        unsigned status;
        enum post_end end;
    } cases[] = {{204, POST_DONE},  {500, POST_LATER}, {503, POST_LATER},
                 {429, POST_LATER}, {408, POST_LATER}, {400, POST_NEVER},
                 {404, POST_NEVER}, {302, POST_NEVER}};
    char url[100];
    struct httpd *h = serve(url);
    struct post_target t = {.url = url};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct post_result r = send_to(&t, cases[i].status);
        CHECK_INT(r.end, cases[i].end);
        CHECK_INT(r.status, cases[i].status);
        CHECK((r.words[0] == '\0') == (r.end == POST_DONE));
    }
    httpd_stop(&h, 100);
    CHECK_INT(send_to(&t, 200).end, POST_LATER); /* nobody is there */
    t.sign = WEBHOOK_SHA256;
    t.secret_file = "/nonexistent/secret";
    struct post_result r = send_to(&t, 200);
    CHECK_INT(r.end, POST_LATER); /* the file may come */
    CHECK(strstr(r.words, "the webhook's secret") != NULL);
}
