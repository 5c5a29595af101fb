/* notifier/phrases_list.h - the table of phrases: a name, English, Chinese.
 *
 * Its places are told in notifier/phrases.h.  Chinese has no plural, and its words for
 * things are those that people who run services use every day. */
#ifndef NOTIFIER_PHRASES_LIST_H
#define NOTIFIER_PHRASES_LIST_H

/* clang-format off */
#define PHRASES(X) \
    /* grades and kinds */ \
    X(GRADE_OK, "Nothing got worse", "正常") \
    X(GRADE_ATTENTION, "Needs attention", "需关注") \
    X(GRADE_MUST_HANDLE, "Must handle", "须处理") \
    X(GRADE_NOT_JUDGED, "Could not be judged", "未能判定") \
    X(GRADE_NOT_YET, "Not judged yet", "尚未判定") \
    X(GRADE_OK_MUTED, "OK, {0} {0|finding|findings} muted", "正常（{0} 项已静默）") \
    X(KIND_RELEASE, "release", "发布") \
    X(KIND_CONFIG, "config", "配置变更") \
    X(KIND_SCALE_OUT, "scale-out", "扩容") \
    X(KIND_BATCH_RESTART, "batch-restart", "批量重启") \
    X(KIND_ROLLBACK, "rollback", "回滚") \
    X(KIND_OTHER, "other", "其他变更") \
    /* joining */ \
    X(COMMA, ", ", "、") \
    X(SPACE, " ", "") \
    X(COLON, ": ", "：") \
    X(AND_MORE, "{0} and {1} more", "{0}等（另有 {1} 个）") \
    X(MORE, "and {0} more", "另有 {0} 项") \
    X(MORE_HOSTS, "and {0} more {0|host|hosts}", "另有 {0} 台主机") \
    X(MORE_FIGURES, "and {0} more {0|figure|figures}", "另有 {0} 项指标") \
    X(IN_BRACKETS, "{0} ({1})", "{0}（{1}）") \
    X(FROM_TO, "{0} -> {1}", "{0} → {1}") \
    X(QUOTE_END, "", "") \
    /* figures */ \
    X(UNKNOWN, "unknown", "未知") \
    X(ENDLESS, "endless", "无穷大") \
    X(MINUS_ENDLESS, "-endless", "负无穷大") \
    X(POINTS, "{0} points", "{0} 个百分点") \
    X(PERCENT, "{0} %", "{0}%") \
    X(TIMES_AS_MUCH, "{0} times as much", "为原来的 {0} 倍") \
    X(BELOW, "below {0}", "小于 {0}") \
    X(ABOVE, "above {0}", "高于 {0}") \
    X(DAYS, "{0} {0|day|days}", "{0} 天") \
    X(HOURS, "{0} {0|hour|hours}", "{0} 小时") \
    X(MINUTES, "{0} {0|minute|minutes}", "{0} 分钟") \
    X(SECONDS, "{0} {0|second|seconds}", "{0} 秒") \
    X(MILLISECONDS, "{0} {0|millisecond|milliseconds}", "{0} 毫秒")
/* clang-format on */

#endif
