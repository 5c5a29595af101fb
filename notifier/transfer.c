/* notifier/transfer.c - libcurl, as narrow as we need it.  Each call has a handle of
 * its own; any thread. */
#include "notifier/transfer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* One that is under way. */
struct run {
    const struct transfer *of;
    size_t sent;
};

static bool stopped(const struct run *r)
{
    return r->of->stop != NULL && atomic_load(r->of->stop);
}

static int on_debug(CURL *handle, curl_infotype type, char *data, size_t n, void *arg)
{
    (void)handle;
    const struct run *r = arg;
    if (r->of->on_line != NULL &&
        (type == CURLINFO_HEADER_OUT || type == CURLINFO_HEADER_IN))
        r->of->on_line(type == CURLINFO_HEADER_OUT, data, n, r->of->arg);
    return 0;
}

static size_t on_read(char *to, size_t size, size_t items, void *arg)
{
    struct run *r = arg;
    size_t room = size * items, left = r->of->n - r->sent;
    size_t n = left < room ? left : room;
    if (stopped(r))
        return CURL_READFUNC_ABORT;
    memcpy(to, (const char *)r->of->bytes + r->sent, n);
    r->sent += n;
    return n;
}

/* What a server says behind its status is nobody's: it is read and let go. */
static size_t on_answer(char *data, size_t size, size_t items, void *arg)
{
    (void)data, (void)arg;
    return size * items;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
                       curl_off_t e)
{
    (void)a, (void)b, (void)c, (void)e;
    return stopped(arg);
}

static void set_up_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct curl_slist *list_of(const struct transfer *t)
{
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < t->n_list; i++) {
        struct curl_slist *longer = curl_slist_append(list, t->list[i]);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static void set_server(CURL *h, const struct transfer *t)
{
    curl_easy_setopt(h, CURLOPT_URL, t->url);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR,
                     t->kind == TRANSFER_SMTP ? "smtp,smtps" : "http,https");
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
    if (t->ca_file != NULL)
        curl_easy_setopt(h, CURLOPT_CAINFO, t->ca_file);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_time.ms);
    curl_easy_setopt(h, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     (long)((t->answer_time.ms + 999) / 1000));
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)t->whole_time.ms);
    if (t->user != NULL) {
        curl_easy_setopt(h, CURLOPT_USERNAME, t->user);
        curl_easy_setopt(h, CURLOPT_PASSWORD, t->password);
    }
}

static void set_content(CURL *h, struct run *r, struct curl_slist *list)
{
    const struct transfer *t = r->of;
    if (t->kind == TRANSFER_SMTP) {
        curl_easy_setopt(h, CURLOPT_USE_SSL,
                         (long)(t->plaintext ? CURLUSESSL_NONE : CURLUSESSL_ALL));
        curl_easy_setopt(h, CURLOPT_MAIL_FROM, t->from);
        curl_easy_setopt(h, CURLOPT_MAIL_RCPT, list);
        curl_easy_setopt(h, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
        curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
    } else {
        curl_easy_setopt(h, CURLOPT_POST, 1L);
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->n);
        curl_easy_setopt(h, CURLOPT_HTTPHEADER, list);
    }
    curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(h, CURLOPT_READDATA, r);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(h, CURLOPT_XFERINFODATA, r);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_VERBOSE, 1L); /* for on_debug; nothing is printed */
    curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(h, CURLOPT_DEBUGDATA, r);
}

void transfer_run(const struct transfer *t, struct transfer_result *ret)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char detail[CURL_ERROR_SIZE] = "";
    long status = 0;
    struct run r = {.of = t};
    pthread_once(&once, set_up_curl);
    CURL *h = curl_easy_init();
    struct curl_slist *list = list_of(t);
    CURLcode rc = CURLE_OUT_OF_MEMORY;
    if (h != NULL && (list != NULL || t->n_list == 0)) {
        set_server(h, t);
        set_content(h, &r, list);
        curl_easy_setopt(h, CURLOPT_ERRORBUFFER, detail);
        rc = curl_easy_perform(h);
        curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
    }
    *ret = (struct transfer_result){
        .done = rc == CURLE_OK,
        .status = t->kind == TRANSFER_HTTP && status > 0 ? (unsigned)status : 0,
        .sent = r.sent};
    if (!ret->done)
        snprintf(ret->words, sizeof ret->words, "%.250s",
                 *detail != '\0' ? detail : curl_easy_strerror(rc));
    curl_slist_free_all(list);
    curl_easy_cleanup(h);
}
