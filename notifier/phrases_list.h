/* notifier/phrases_list.h - the table of phrases: a name, English, Chinese.
 *
 * Its places are told in notifier/phrases.h.  Chinese has no plural, and its words for
 * things are those that people who run services use every day. */
#ifndef NOTIFIER_PHRASES_LIST_H
#define NOTIFIER_PHRASES_LIST_H

/* clang-format off */
#define PHRASES(X) \
    /* --- grades and kinds --- */ \
    X(GRADE_OK, "Nothing got worse", "正常") \
    X(GRADE_ATTENTION, "Needs attention", "需关注") \
    X(GRADE_MUST_HANDLE, "Must handle", "须处理") \
    X(GRADE_NOT_JUDGED, "Could not be judged", "未能判定") \
    X(GRADE_NOT_YET, "Not judged yet", "尚未判定") \
    X(GRADE_OK_MUTED, "OK, {0} {0|finding|findings} muted", "正常（{0} 项已静默）") \
    X(GRADE_RECOVERED, "Recovered or fine", "已恢复") \
    X(KIND_RELEASE, "release", "发布") \
    X(KIND_CONFIG, "config", "配置变更") \
    X(KIND_SCALE_OUT, "scale-out", "扩容") \
    X(KIND_BATCH_RESTART, "batch-restart", "批量重启") \
    X(KIND_ROLLBACK, "rollback", "回滚") \
    X(KIND_OTHER, "other", "其他变更") \
    \
    /* --- joining --- */ \
    X(COMMA, ", ", "、") \
    X(PAUSE, ", ", "，") \
    X(SEMICOLON, "; ", "；") \
    X(COLON, ": ", "：") \
    X(STOP, ".", "。") \
    X(SPACE, " ", "") \
    X(AND_MORE_HOSTS, "{0} and {1} more", "{0} 及另外 {1} 台") \
    X(AND_MORE_FIGURES, "{0} and {1} more", "{0} 及另外 {1} 项") \
    X(IN_BRACKETS, "{0} ({1})", "{0}（{1}）") \
    X(FROM_TO, "{0} → {1}", "{0} → {1}") \
    X(FROM_TO_BY, "{0} → {1} ({2})", "{0} → {1}（{2}）") \
    X(OF_ALL, "{0} of {1}", "{0}/{1}") \
    X(REST, "and {0} more", "另有 {0} 项") \
    X(REST_HOSTS, "and {0} more {0|host|hosts}", "另有 {0} 台主机") \
    X(REST_FIGURES, "and {0} more {0|figure|figures}", "另有 {0} 项指标") \
    X(REST_FINDINGS, "and {0} more {0|finding|findings}", "另有 {0} 个问题") \
    X(REST_CODES, "and {0} more {0|code|codes}", "另有 {0} 个返回码") \
    X(REST_SECTIONS, "and {0} more {0|section|sections}", "另有 {0} 个部分") \
    X(SEE_PAGE, "{0}, see {1}", "{0}，详见 {1}") \
    X(THE_PAGE, "the page", "网页版报告") \
    \
    /* --- figures --- */ \
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
    X(MILLISECONDS, "{0} {0|millisecond|milliseconds}", "{0} 毫秒") \
    \
    /* --- the change --- */ \
    X(TITLE_OF, "{0} of {1}", "{1} {0}") \
    X(TITLE_HOSTS, "{0} {0|host|hosts}", "{0} 台主机") \
    X(WHAT_BY, "by {0}", "操作人 {0}") \
    X(WHAT_SERVICE, "service {0}", "服务 {0}") \
    X(CHANGE, "Change", "变更 ID") \
    X(KIND, "Kind", "类型") \
    X(SERVICE, "Service", "服务") \
    X(VERSION, "Version", "版本") \
    X(BY, "By", "操作人") \
    X(WHEN, "When", "时间") \
    X(HOSTS, "Hosts", "主机") \
    X(RESTARTED, "Restarted", "重启情况") \
    X(FRESH_HOSTS, "New hosts", "新主机") \
    X(RELIEF, "Relief", "分流效果") \
    X(BATCHES, "Batches", "批次") \
    X(PART_OF, "Part of", "所属变更") \
    X(LABELS, "Labels", "标签") \
    X(ALSO_GIVEN, "Also given", "附加信息") \
    X(URGENT, "{0}, urgent", "{0}（紧急）") \
    X(VERSION_TO, "to {0}", "新版本 {0}") \
    X(VERSION_FROM, "from {0}", "原版本 {0}") \
    X(NOT_FINISHED, "{0}, not finished", "{0} 开始，尚未结束") \
    X(CANCELLED, "{0}, cancelled", "{0}，已取消") \
    X(CANCELLED_AFTER, "{0}, cancelled after {1}", "{0} 开始，{1} 后取消") \
    X(FINISHED_AFTER, "{0}, finished after {1}", "{0} 开始，历时 {1} 完成") \
    X(NONE_NAMED, "none named", "未指明") \
    X(COUNTED_LIST, "{0}: {1}", "{0} 台：{1}") \
    X(BATCHES_DONE, "{0} of {1} done", "已完成 {0}/{1} 批") \
    \
    /* --- how bad --- */ \
    X(LEAD_MUST, "{0} {0|finding|findings} must be handled", "{0} 个问题须处理") \
    X(LEAD_BOTH, "{0} {0|finding|findings} must be handled and {1} more {1|needs|need} attention", \
      "{0} 个问题须处理，另有 {1} 个需关注") \
    X(LEAD_ATTENTION, "{0} {0|finding needs|findings need} attention", "{0} 个问题需关注") \
    X(LEAD_ON_ALL, ", on all {0} hosts", "，涉及全部 {0} 台变更主机") \
    X(LEAD_ON_OF, ", on {0} of {1} {1|host|hosts}", "，涉及 {1} 台变更主机中的 {0} 台") \
    X(LEAD_ON, ", on {0} {0|host|hosts}", "，涉及 {0} 台主机") \
    X(LEAD_SINCE, ", since {0}", "，自 {0} 起") \
    X(SOME_MUTED, "{0} {0|finding is|findings are} muted", "{0} 个问题已静默") \
    X(SOME_HOSTS, "{0} of {1} {1|host|hosts}", "{1} 台主机中的 {0} 台") \
    X(ALL_HOSTS, "all {0} hosts", "全部 {0} 台主机") \
    X(ONE_HOST, "{0} {0|host|hosts}", "{0} 台主机") \
    X(LEAD_OK, "Nothing that was compared got worse: {0} series on {1}.", \
      "已比对的指标均未变差：覆盖{1}，共 {0} 条指标序列。") \
    X(LEAD_OK_MUTED, "{2}; nothing else that was compared got worse: {0} series on {1}.", \
      "{2}；其余已比对的指标均未变差：覆盖{1}，共 {0} 条指标序列。") \
    X(LEAD_THEN, "{0} {1}.", "{0}{1}。") \
    X(NO_LOOK_YET, "No look has been taken yet: the time after the change is still being watched.", \
      "尚未检查：变更后的观察时间还没有到。") \
    X(TOO_LITTLE, "Too little could be seen to judge this change.", "可用数据太少，无法判定本次变更。") \
    X(NOT_LOOKED_AT, "Not looked at yet.", "尚未检查。") \
    X(LOOKED_LATER, "Looked at again {0} ({1}). This is final.", "{0}复查（{1}）。这是最终结论。") \
    X(LOOK_OF_AFTER, "Look {0} of {1}, {2} after the change ({3}).", \
      "第 {0} 次检查（共 {1} 次），变更后 {2}（{3}）。") \
    X(LOOK_OF, "Look {0} of {1} ({2}).", "第 {0} 次检查（共 {1} 次，{2}）。") \
    X(LOOKED_AFTER, "Looked at, {0} after the change ({1}).", "变更后 {0} 检查（{1}）。") \
    X(LOOKED_AT, "Looked at ({0}).", "检查时间 {0}。") \
    X(IS_FINAL, "This is final.", "这是最终结论。") \
    X(MORE_LOOKS, "More looks follow and may change it.", "后续还有检查，结论可能变化。") \
    X(STILL_RUNNING, "The change has not finished: what is still to come gets looks of its own.", \
      "变更尚未结束，后续批次会另行检查。") \
    X(A_DAY_LATER, "a day later", "一天后") \
    X(A_DAY_LATER_FIRST, "A day later", "一天后") \
    X(LATER, "{0} later", "{0}后") \
    \
    /* --- findings --- */ \
    X(NAME_ON_HOST, "{0} on {1}", "主机 {1} 的{0}") \
    X(NAME_ON_HOSTS, "{0} on {1} hosts", "{1} 台主机的{0}") \
    X(NAME_OF_SERVICE, "{0} of {1}", "服务 {1} 的{0}") \
    X(FAILING, "failing calls {0}", "{0} 失败调用") \
    X(FAILING_CODE, "failing calls {0} that end with {1}", "{0} 返回码 {1} 的失败调用") \
    X(TIMEOUTS, "calls that time out {0}", "{0} 超时调用") \
    X(TIMEOUTS_CODE, "calls that time out {0} that end with {1}", "{0} 返回码 {1} 的超时调用") \
    X(CALLS, "calls {0}", "{0} 调用量") \
    X(CALLS_CODE, "calls {0} that end with {1}", "{0} 返回码 {1} 的调用") \
    X(LATENCY, "mean time of calls {0}", "{0} 平均耗时") \
    X(LATENCY_CODE, "mean time of calls {0} that end with {1}", "{0} 返回码 {1} 的平均耗时") \
    X(FIGURE_SILENT, "rows with samples", "上报数据") \
    X(FIGURE_CORE, "coredumps of {0}", "{0} 的 coredump") \
    X(FIGURE_CORE_AT, "coredumps of {0}, {1} in {2}", "{0} coredump（{1}，栈顶 {2}）") \
    X(FIGURE_ALARM, "alarm {0}", "告警 {0}") \
    X(FIGURE_TESTS, "failing tests of {0}", "测试集 {0} 的失败用例") \
    X(FIGURE_TESTS_ALL, "failing tests", "失败的测试用例") \
    X(FIGURE_CALLS_A_HOST, "calls a host", "单机调用量") \
    X(WENT_FROM_TO, "{0} went from {1} to {2}.", "{0} 从 {1} 变为 {2}。") \
    X(THIS_HOST, "this host", "这台主机") \
    X(THESE_HOSTS, "these hosts", "这些主机") \
    X(THIS_SERVICE, "this service", "该服务") \
    X(MOMENTS_NONE, "Of {0} ordinary moments of {1}, none looked like this.", \
      "取{1}平时没有变更的 {0} 个时刻对比，没有一次出现过这样的变化。") \
    X(MOMENTS_SOME, "Of {0} ordinary moments of {1}, {2} looked like this.", \
      "取{1}平时没有变更的 {0} 个时刻对比，其中 {2} 次出现过这样的变化。") \
    X(FIRST_SEEN, "First seen {0}, {1}.", "最早出现于 {0}，{1}。") \
    X(STILL_SO, "still so at this look", "本次检查时仍然存在") \
    X(RECOVERED_SINCE, "recovered since", "之后已恢复") \
    X(RECOVERED, "Recovered since.", "之后已恢复。") \
    X(COUNT_OF, "{0} of {1}", "{1} 次中有 {0} 次") \
    X(COUNT, "{0}", "{0} 次") \
    X(COUNTED_CHANGE, "{0} before, {1} after the change", "变更前 {0}，变更后 {1}") \
    X(COUNTED_FRESH, "{0} on old hosts, {1} on new ones", "老主机 {0}，新主机 {1}") \
    X(COUNTED, "Counted", "计数") \
    X(HOW_SURE, "How sure", "置信度") \
    X(NO_CHANCE, "{0} that this is no chance", "{0}（不是偶然波动）") \
    X(STATISTICS, "Statistics", "统计量") \
    X(UNCHANGED_HOSTS, "Unchanged hosts", "未变更主机") \
    X(USUAL, "Usual at this hour", "该时段的通常变化") \
    X(HARD_LIMIT, "Hard limit", "硬性阈值") \
    X(RULE, "Rule", "规则") \
    X(OWNER, "Owner", "负责人") \
    X(LIKE_IT, "Like it", "同类") \
    X(LIKE_IT_MANY, "{0} more {0|series shows|series show} the same", "另有 {0} 条序列情况相同") \
    X(MUTED_UNTIL, "Muted until {0} by {1}", "{1} 已将其静默至 {0}") \
    X(SHADOW_WOULD, "The rule is in shadow and does not count: this would be \"{0}\".", \
      "该规则处于试运行，不计入结论；若正式启用，应判为“{0}”。") \
    X(FRESH_WORD, "new", "新增") \
    X(BEFORE, "Before", "变更前") \
    X(AFTER, "After", "变更后") \
    X(OLD_HOSTS, "Old hosts", "老主机") \
    X(MOVE, "Change", "变化") \
    X(NUMBERS, "Numbers", "数值") \
    X(NUMBERS_CHANGE, "{0} before, {1} after, {2}", "变更前 {0}，变更后 {1}，{2}") \
    X(NUMBERS_FRESH, "{0} on old hosts, {1} on new ones, {2}", "老主机 {0}，新主机 {1}，{2}") \
    X(CHART_OF, "Chart of {0}: {1} before the change, {2} after it.", \
      "{0} 曲线图：变更前 {1}，变更后 {2}。") \
    X(CHART_OF_FRESH, "Chart of {0}: {1} on old hosts, {2} on new ones.", \
      "{0} 曲线图：老主机 {1}，新主机 {2}。") \
    X(MOVED_WITH_IT, "Moved with it", "同时变化") \
    X(MOVED_WITH_WORDS, "{0} more {0|figure|figures} moved with it: {1}.", \
      "另有 {0} 项指标同时变化：{1}。") \
    X(TOP_FRAMES, "Top of the stack", "栈顶") \
    X(WORST_FIRST, "Hosts, worst first", "主机（最严重的在前）") \
    X(WORST_FIRST_N, "{0} hosts, worst first", "{0} 台主机（最严重的在前）") \
    X(BATCH_NO, "Batch {0}: {1} {1|host|hosts}", "第 {0} 批：{1} 台") \
    X(NO_BATCH, "In no batch: {0} {0|host|hosts}", "未分批：{0} 台") \
    X(HOST, "Host", "主机") \
    \
    /* --- sentences of findings, where the judge's own are not in the language --- */ \
    X(WHO_HOST, "On {0}", "主机 {0}") \
    X(WHO_ALL, "On all {0} changed hosts", "全部 {0} 台变更主机") \
    X(WHO_SOME, "On {0} of {1} changed hosts", "{1} 台变更主机中有 {0} 台") \
    X(WHO_HOSTS, "On {0} hosts", "{0} 台主机") \
    X(WHO_SERVICE, "The service {0}", "服务 {0}") \
    X(WHO_NOBODY, "The service", "该服务") \
    X(WHO_NEW_HOST, "On the new host {0}", "新主机 {0}") \
    X(WHO_NEW_HOSTS, "On {0} new hosts", "{0} 台新主机") \
    X(SAYS_ROSE, "{0}: {1} rose from {2} to {3}{4}{5}.", "{0}的{1} 从 {2} 升至 {3}{4}{5}。") \
    X(SAYS_FELL, "{0}: {1} fell from {2} to {3}{4}{5}.", "{0}的{1} 从 {2} 降至 {3}{4}{5}。") \
    X(SAYS_ROSE_WITHIN, "{0}: {1} rose from {2} to {3}{4} within {6}{5}.", \
      "{0}的{1} 在变更后 {6}内从 {2} 升至 {3}{4}{5}。") \
    X(SAYS_FELL_WITHIN, "{0}: {1} fell from {2} to {3}{4} within {6}{5}.", \
      "{0}的{1} 在变更后 {6}内从 {2} 降至 {3}{4}{5}。") \
    X(SAYS_BY, " ({0})", "（{0}）") \
    X(SAYS_CONTROLS, ", while {0} unchanged hosts went from {1} to {2}", \
      "，同期 {0} 台未变更主机从 {1} 变为 {2}") \
    X(SAYS_CONTROLS_STAYED, ", while {0} unchanged hosts stayed at {1}", "，同期 {0} 台未变更主机保持在 {1}") \
    X(SAYS_CONTROLS_SOME, ", while unchanged hosts went from {0} to {1}", \
      "，同期未变更主机从 {0} 变为 {1}") \
    X(SAYS_FRESH, "{0}: {1} is {2}, against {3} on old hosts in the same minutes{4}.", \
      "{0}的{1} 为 {2}，同一时段老主机为 {3}{4}。") \
    X(SAYS_LIMIT, "{0}: {1} broke the limit {2}; it went from {3} to {4}.", \
      "{0}的{1} 超出硬性阈值（{2}），从 {3} 变为 {4}。") \
    X(SAYS_LIMIT_NOW, "{0}: {1} broke the limit {2}; it is {3}.", \
      "{0}的{1} 超出硬性阈值（{2}），当前为 {3}。") \
    X(SAYS_FAILED, "{1} of {2} calls {0} failed after the change, against {3} of {4} before{5}.", \
      "{0} 变更后 {2} 次调用中失败 {1}，变更前 {4} 次中失败 {3}{5}。") \
    X(SAYS_TIMED_OUT, "{1} of {2} calls {0} timed out after the change, against {3} of {4} before{5}.", \
      "{0} 变更后 {2} 次调用中超时 {1}，变更前 {4} 次中超时 {3}{5}。") \
    X(SAYS_ENDED, "{1} of {2} calls {0} ended with {6} after the change, against {3} of {4} before{5}.", \
      "{0} 变更后 {2} 次调用中 {1} 返回 {6}，变更前 {4} 次中为 {3}{5}。") \
    X(SAYS_FAILED_FRESH, "{1} of {2} calls {0} of new hosts failed, against {3} of {4} of old ones.", \
      "新主机上 {0} 的 {2} 次调用中失败 {1}，同一时段老主机 {4} 次中失败 {3}。") \
    X(SAYS_TIMED_OUT_FRESH, "{1} of {2} calls {0} of new hosts timed out, against {3} of {4} of old ones.", \
      "新主机上 {0} 的 {2} 次调用中超时 {1}，同一时段老主机 {4} 次中超时 {3}。") \
    X(SAYS_ENDED_FRESH, "{1} of {2} calls {0} of new hosts ended with {5}, against {3} of {4} of old ones.", \
      "新主机上 {0} 的 {2} 次调用中 {1} 返回 {5}，同一时段老主机 {4} 次中为 {3}。") \
    X(SAYS_CODE_ROSE, "; {0} rose from {1} to {2}", "；其中返回码 {0} 从 {1} 次增至 {2} 次") \
    X(SAYS_CODE_NEW, "; this code was never seen before the change", "；该返回码在变更前从未出现") \
    X(SAYS_TRAFFIC_FELL, "Calls {0} fell from {1} to {2}{3}.", "{0} 的调用量从 {1} 降至 {2}{3}。") \
    X(SAYS_TRAFFIC_ROSE, "Calls {0} rose from {1} to {2}{3}.", "{0} 的调用量从 {1} 升至 {2}{3}。") \
    X(SAYS_EVENTS, ": {0} before the change, {1} after it", "（变更前 {0} 次，变更后 {1} 次）") \
    X(SAYS_SILENT, "{0}: nothing came after the change, though samples came before it.", \
      "{0}变更后没有再上报数据，变更前上报正常。") \
    X(SAYS_CALLING, "Some still report calls, so the agent may have stopped, not the host.", \
      "其中仍有主机上报调用数据，可能只是 agent 停了，主机未必宕机。") \
    X(SAYS_CRASH_NEW, "{0}: a crash never seen before, {1}: {2} after the change, {3} before.", \
      "{0}出现从未见过的 coredump：{1}，变更后 {2} 次，变更前 {3} 次。") \
    X(SAYS_CRASH, "{0}: a known crash came more often, {1}: {2} after the change, {3} before.", \
      "{0}的已知 coredump 变多：{1}，变更后 {2} 次，变更前 {3} 次。") \
    X(SAYS_CRASH_AT, "{0}, {1} in {2}", "{0} {1}，栈顶 {2}") \
    X(SAYS_ALARM, "{0}: alarm {1} began after the change; it did not fire there before it.", \
      "{0}在变更后触发告警 {1}，变更前没有触发。") \
    X(SAYS_ALARM_TEXT, "It says: \"{0}\".", "告警内容：“{0}”。") \
    X(SAYS_SPIKE, "{0}: {1} was far from its usual level {2}; these points are at {3}, the level before was {4}.", \
      "{0}的{1} 变更后出现毛刺：{2}；异常点均值 {3}，变更前平时为 {4}。") \
    X(SAYS_POINTS, "in {0} of {1} points after the change", "{1} 个点中有 {0} 个异常") \
    X(SAYS_POINTS_SOME, "in some points after the change", "部分点异常") \
    X(SAYS_TEST, "{0} of the tests of {1} that passed before fail after the change{2}.", \
      "测试集 {1} 有 {0} 个用例在变更后失败{2}。") \
    X(SAYS_TEST_ALL, "{0} tests fail after the change{1}.", "有 {0} 个测试用例在变更后失败{1}。") \
    X(SAYS_TEST_NAMES, ": {0}", "：{0}") \
    X(SAYS_TEST_SAYS, ": {0} (the first says: \"{1}\")", "：{0}（首个用例报错：“{1}”）") \
    X(SAYS_PROBE, "{0}: probe {1} failed in {2} of its points after the change, in {3} before.", \
      "{0}的探测 {1} 变更后失败率 {2}，变更前 {3}。") \
    X(SAYS_RELIEF, "{0} new {0|host takes|hosts take} little load: {1} each, while the old ones went from {2} to {3}.", \
      "{0} 台新主机没有分到应有的流量：平均每台 {1}，老主机从 {2} 变为 {3}。") \
    X(SAYS_OVER, "It is over again.", "目前已恢复。") \
    \
    /* --- what to do --- */ \
    X(WHAT_TO_DO, "What to do", "处理建议") \
    X(TODO_FOR, "For: {0}", "针对：{0}") \
    X(RUNBOOK, "Runbook", "处理手册") \
    X(LOOK_WITH, "Look at the findings below with {0}.", "请与 {0} 一起排查下面的问题。") \
    X(LOOK_WITH_WHOEVER, "Look at the findings below with whoever made the change.", \
      "请与本次变更的操作人一起排查下面的问题。") \
    \
    /* --- headings --- */ \
    X(THE_CHANGE, "The change", "变更信息") \
    X(FINDINGS, "Findings", "发现的问题") \
    X(MUTED, "Muted", "已静默的问题") \
    X(CAME_BACK, "Moved and came back", "有过波动、已恢复") \
    X(IN_SHADOW, "Rules in shadow", "试运行的规则（不计入结论）") \
    X(RETURN_CODES, "Return codes", "返回码") \
    X(RETURN_CODES_TEXT, "Return codes, before → after", "返回码（变更前 → 变更后）") \
    X(CODE, "Code", "返回码") \
    X(CALLS_COLUMN, "Calls", "调用") \
    X(ALL_FAILURES, "all failures", "全部失败") \
    X(ALL_TIMEOUTS, "all time-outs", "全部超时") \
    X(SHARE_OF_CALLS, "{0} → {1} of calls", "占调用的 {0} → {1}") \
    X(CHECKED_AND_FINE, "Checked and fine", "已检查且正常") \
    X(FINE_ALL, "None of the {0} series compared got worse.", "已比对的 {0} 条指标序列均未变差。") \
    X(FINE, "{0} of {1} series compared did not get worse.", "已比对 {1} 条指标序列，其中 {0} 条未变差。") \
    X(COULD_NOT_BE_JUDGED, "Could not be judged", "未能判定的部分") \
    X(NEARBY, "Other changes nearby", "同一时段的其他变更") \
    X(LOOKED_AT_WHAT, "What was looked at", "检查范围") \
    X(REVISIONS, "Revisions", "历次结论") \
    X(EARLIER, "Earlier and this revision", "历次结论") \
    X(SKIP, "Skip to the content", "跳到正文") \
    X(NAV_CHANGES, "Changes", "变更") \
    X(NAV_WHAT, "What changed?", "变更了什么？") \
    X(NAV_RULES, "Rules", "规则") \
    X(NAV_INPUTS, "Inputs", "输入") \
    X(NAV_MUTES, "Mutes", "静默") \
    X(LANGUAGE_ITSELF, "English", "中文") \
    X(THIS_REPORT_AS, "This report as", "其他格式") \
    X(OPEN_AS_PAGE, "Open this report as a page", "打开网页版报告") \
    X(SENT_BY, "Sent by aftercheck, which compares the time before and after each change.", \
      "由 aftercheck 发送：自动对比每次变更前后的运行状况。") \
    \
    /* --- what was seen and what was not --- */ \
    X(RULES_JUDGED, "Rules judged", "已判定规则") \
    X(HOSTS_JUDGED, "Hosts judged", "已判定主机") \
    X(SERIES_JUDGED, "Series judged", "已判定序列") \
    X(COMPARED_WITH, "Compared with", "对照主机") \
    X(N_UNCHANGED, "{0} unchanged hosts", "{0} 台未变更主机") \
    X(SLOW_LOOK, "Slow look", "长时间复查") \
    X(RULE_PACK, "Rule pack", "规则包") \
    X(N_RULES, "{0} {0|rule|rules}", "{0} 条规则") \
    X(REVISION_NO, "Revision {0}", "第 {0} 版") \
    X(REVISION_SAYS, "{0}, {1}", "{0}，{1}") \
    X(REVISION_FINAL, "{0}, {1}, final", "{0}，{1}，最终") \
    X(REVISION_LATER, "{0}, {1}", "{0}，{1}") \
    X(NEARBY_SAYS, "{0}. {1}", "{0}。{1}") \
    X(WHY_NO_HOSTS, "The change names no host and none is known for its service", \
      "变更未指明主机，也不知道该服务有哪些主机") \
    X(WHY_NO_DATA_BEFORE, "Too few samples before the change", "变更前数据点太少") \
    X(WHY_NO_DATA_AFTER, "Too few samples after the change", "变更后数据点太少") \
    X(WHY_SHORT_HISTORY, "Less than 6 hours of history and no controls", "历史不足 6 小时且没有对照主机") \
    X(WHY_NO_CONTROLS, "No unchanged hosts of the service to compare with", "没有同服务的未变更主机可对照") \
    X(WHY_FEW_CALLS, "Too few calls", "调用次数太少") \
    X(WHY_NO_SERIES, "No series that the rule is about", "没有规则所针对的指标") \
    X(WHY_OVERLAP, "Another change falls into the same minutes", "同一时段有其他变更") \
    X(WHY_FEW_HOSTS, "Too few of the changed hosts reported", "上报数据的变更主机太少") \
    X(WHY_NO_FINISH, "No event said that the change was finished", "没有收到变更结束的事件") \
    X(WHY_CANCELLED, "The change was cancelled", "变更已取消") \
    X(WHY_FEW_OLD, "Hosts without a past, and fewer than 3 old ones to compare with", \
      "新主机没有历史，可对照的老主机不足 3 台") \
    X(WHY_YOUNG, "Hosts too young for this figure to be judged", "主机上线时间太短，该指标暂不判定") \
    X(WHY_EXCEPTED, "Left alone by an exception of the rule", "按规则的例外跳过") \
    \
    /* --- many changes in one mail --- */ \
    X(N_CHANGES, "{0} {0|change|changes}", "{0} 个变更") \
    X(N_MUST_HANDLE, "{0} must handle", "{0} 个须处理") \
    X(N_ATTENTION, "{0} {0|needs|need} attention", "{0} 个需关注") \
    X(N_NOT_JUDGED, "{0} could not be judged", "{0} 个未能判定") \
    X(N_OK, "{0} ok", "{0} 个正常") \
    X(WHY_STORM, "So many changes had something to tell at once that they come in one mail instead of one each.", \
      "短时间内有结论的变更太多，已合并成一封邮件。") \
    X(WHY_DAY, "What was not worth a mail of its own, since the last mail of the day.", \
      "自上一封日报以来，不需要单独发邮件的变更。") \
    X(REST_CHANGES, "and {0} more.", "另有 {0} 个变更。") \
    X(TODAY, "today: ", "日报：") \
    \
    /* --- charts --- */ \
    X(CHART_BEFORE, "before", "变更前") \
    X(CHART_AFTER, "after", "变更后") \
    X(CHART_CHANGE, "change", "变更时刻") \
    X(CHART_THIS_HOST, "this host", "本机") \
    X(CHART_CHANGED, "changed hosts", "变更主机") \
    X(CHART_SERVICE, "the service", "整个服务") \
    X(CHART_UNCHANGED, "unchanged hosts", "未变更主机") \
    X(CHART_USUAL, "usual at this hour", "该时段常态") \
    X(CHART_PER_SECOND, "per second", "每秒") \
    X(CHART_BYTES_PER_SECOND, "bytes/s", "字节/秒") \
    X(CHART_ZOOM, "Drag to look closer, double-click for all.", \
      "拖动可放大，双击还原。") \
    \
    /* --- the foot of a mail: what its reader can do --- */ \
    X(MAIL_WAS_USEFUL, "Was this report useful?", "这份报告有用吗？") \
    X(MAIL_YES, "Yes", "有用") \
    X(MAIL_NO, "No", "没用") \
    X(MAIL_NO_MORE, "No more of these mails", "不再接收此类邮件")
/* clang-format on */

#endif
