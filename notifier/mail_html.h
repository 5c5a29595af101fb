/* notifier/mail_html.h - the few shapes that the mail's HTML is made of.
 *
 * Rows of one outer table, tables within, every style inline: what Outlook's Word
 * engine and Gmail show alike.  Classes are only hooks for the dark and narrow rules in
 * <style>, for clients that read those.  Texts are escaped here. */
#ifndef NOTIFIER_MAIL_HTML_H
#define NOTIFIER_MAIL_HTML_H

#include "base/buf.h"
#include "storage/verdict.h"

#include <stdbool.h>

/* Chinese has families of its own behind those for Latin letters. */
#define MAIL_FONT                                                                      \
    "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,"              \
    "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"

/* Strong enough on white, and still told apart when a client inverts them. */
const char *mail_html_strong(enum grade g);
const char *mail_html_soft(enum grade g);

/* From <!DOCTYPE> to the end of <style>; <title> and </head> follow. */
void mail_html_head(struct buf *to, const char *language_tag);

/* <body>; the ground and the card on it, up to where its first row begins; the end of
 * all three.  Between the first two a preheader may stand. */
void mail_html_body(struct buf *to);
void mail_html_card(struct buf *to);
void mail_html_close(struct buf *to);

/* A row of the card; what stands in it comes between the two. */
void mail_html_open_row(struct buf *to, const char *padding);
void mail_html_close_row(struct buf *to);
void mail_html_open_table(struct buf *to);
void mail_html_close_table(struct buf *to);

void mail_html_heading(struct buf *to, const char *words);
void mail_html_paragraph(struct buf *to, const char *text, bool quiet);
/* A small line above a list: "Hosts, worst first". */
void mail_html_label(struct buf *to, const char *text);
/* A link, or the text alone when `url` is none that may be linked. */
void mail_html_link(struct buf *to, const char *text, const char *url);
/* Bold text in a grade's colour. */
void mail_html_in_colour(struct buf *to, enum grade g, const char *text);
/* "<td ...", open for further attributes and ">". */
void mail_html_cell(struct buf *to, const char *width, const char *more_style);
/* A row of two cells: a name and what goes with it at the right. */
void mail_html_pair(struct buf *to, const char *name, const char *value);

#endif
