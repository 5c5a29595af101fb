/* notifier/pages/page.c - the frame around every page.  HTTP threads. */
#include "notifier/pages/page.h"

#include "notifier/html.h"
#include "notifier/phrases.h"
#include "notifier/report.h"

void page_open_in(struct buf *to, const char *title, enum language l)
{
    html_addf(to,
              "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, "
              "initial-scale=1\">\n"
              "<meta name=\"color-scheme\" content=\"light dark\">\n"
              "<title>%s</title>\n"
              "<link rel=\"stylesheet\" href=\"/style.css\">\n"
              "<script src=\"/assets/page.js\" defer></script></head>\n",
              language_tag(l), title);
    html_addf(to,
              "<body><a class=\"skip\" href=\"#main\">%s</a>\n"
              "<header class=\"top\"><a class=\"home\" href=\"/\">aftercheck</a><nav>"
              "<a href=\"/\">%s</a><a href=\"/what\">%s</a>"
              "<a href=\"/rules\">%s</a><a href=\"/inputs\">%s</a>"
              "<a href=\"/mutes\">%s</a></nav></header>\n",
              phrase(l, PHRASE_SKIP), phrase(l, PHRASE_NAV_CHANGES),
              phrase(l, PHRASE_NAV_WHAT), phrase(l, PHRASE_NAV_RULES),
              phrase(l, PHRASE_NAV_INPUTS), phrase(l, PHRASE_NAV_MUTES));
    buf_add(to, "<main id=\"main\">\n");
}

void page_open(struct buf *to, const char *title)
{
    page_open_in(to, title, LANGUAGE_EN);
}

void page_close(struct buf *to)
{
    buf_add(to, "</main></body></html>\n");
}

void page_grade(struct buf *to, enum grade g, const char *words)
{
    html_addf(to,
              "<span class=\"grade %s\"><span class=\"sign\" aria-hidden=\"true\">"
              "%s</span>%s</span>",
              grade_name(g), report_grade_sign(g),
              words != NULL ? words : grade_words(g));
}

void page_answer(struct httpd_req *r, unsigned status, const struct buf *page)
{
    httpd_set_header(r, "Content-Security-Policy",
                     "default-src 'none'; style-src 'self'; img-src 'self'; "
                     "script-src 'self'; connect-src 'self'; "
                     "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    httpd_set_header(r, "Referrer-Policy", "no-referrer");
    httpd_answer_buf(r, status, "text/html; charset=utf-8", page);
}

void page_fail(struct httpd_req *r, unsigned status, const char *heading,
               const char *words)
{
    OWNED_BUF page = {0};
    page_open(&page, heading);
    html_addf(&page,
              "<section class=\"plain\"><h1>%s</h1><p>%s</p>"
              "<p><a href=\"/\">All changes</a></p></section>\n",
              heading, words);
    page_close(&page);
    page_answer(r, status, &page);
}
