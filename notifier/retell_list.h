/* notifier/retell_list.h - the judge's sentences about a verdict as a whole: English as
 * the analyzer writes them, and Chinese.
 *
 * Places: {0} any text, {0n} a number, {0s} a length of time ("3 minutes"), {0l} a list
 * of names ("h1, h2 and 3 more"), {0p} parts behind commas that stand in this list
 * themselves, {0|one|many} words that agree with a number.  A sentence is cut at "; "
 * before it is looked up: each line below is one clause. */
#ifndef NOTIFIER_RETELL_LIST_H
#define NOTIFIER_RETELL_LIST_H

/* clang-format off */
#define RETOLD(X) \
    /* why not judged, why capped */ \
    X("The change was cancelled", "变更已取消") \
    X("What was found before stands: the look {0s} after the change could not judge", \
      "此前发现的问题仍然有效：变更后 {0s}的检查无法判定") \
    X("None of the {0n} {0|host|hosts} has been watched long enough yet", "{0n} 台主机的观察时间都还不够") \
    X("The change names no host, none is known for its service, and no series or calls of it were found", \
      "变更未指明主机，也不知道该服务有哪些主机，且没有找到它的任何指标或调用数据") \
    X("Only {0n} of {1n} changed hosts could be judged: {2p}", "{1n} 台变更主机中只有 {0n} 台可以判定：{2p}") \
    X("Only {0n} of {1n} changed hosts could be judged", "{1n} 台变更主机中只有 {0n} 台可以判定") \
    X("{0n} had too few samples before the change", "{0n} 台变更前数据点太少") \
    X("{0n} had too few samples after it", "{0n} 台变更后数据点太少") \
    X("{0n} sent nothing after it", "{0n} 台变更后没有上报数据") \
    X("{0n} have no past and fewer than 3 old hosts to be compared with", "{0n} 台没有历史，可对照的老主机不足 3 台") \
    X("{0n} were worked on by other changes in the same minutes", "{0n} 台同一时段还有其他变更") \
    X("None of {0n} rules could be judged: {1} ({2n})", "{0n} 条规则都无法判定，主要原因：{1}（{2n}）") \
    X("None of {0n} rules could be judged", "{0n} 条规则都无法判定") \
    X("No event said that the change was finished", "没有收到变更结束的事件") \
    X("Attention at most: there were not enough unchanged hosts to compare with", \
      "可对照的未变更主机不足，结论最高为“需关注”") \
    X("The recording ends before the first look at this change", "录制数据在第一次检查之前就结束了") \
    X("the change names no host and none is known for its service", "变更未指明主机，也不知道该服务有哪些主机") \
    X("too few samples before the change", "变更前数据点太少") \
    X("too few samples after the change", "变更后数据点太少") \
    X("less than 6 hours of history and no controls", "历史不足 6 小时且没有对照主机") \
    X("no unchanged hosts of the service to compare with", "没有同服务的未变更主机可对照") \
    X("too few calls", "调用次数太少") \
    X("no series that the rule is about", "没有规则所针对的指标") \
    X("another change falls into the same minutes", "同一时段有其他变更") \
    X("too few of the changed hosts reported", "上报数据的变更主机太少") \
    X("hosts without a past, and fewer than 3 old ones to compare with", "新主机没有历史，可对照的老主机不足 3 台") \
    X("hosts too young for this figure to be judged", "主机上线时间太短，该指标暂不判定") \
    X("left alone by an exception of the rule", "按规则的例外跳过") \
    \
    /* with whom was compared */ \
    X("the change names no service, so nothing says which hosts are like the changed ones", \
      "变更未指明服务，无法确定哪些主机可作对照") \
    X("the change names no hosts, so all of {0} count as changed", "变更未指明主机，{0} 的全部主机都视为已变更") \
    X("no host reports under service {0}", "没有主机以服务 {0} 上报数据") \
    X("the {0n} unchanged {0|host|hosts} of {1} sent nothing after the change", "{1} 的 {0n} 台未变更主机在变更后没有上报数据") \
    X("all {0n} known hosts of {1} were changed, by this or by another change nearby", \
      "{1} 的全部 {0n} 台已知主机都被本次或同一时段的其他变更改动过") \
    X("the {0n} unchanged hosts of {1} had too few samples", "{1} 的 {0n} 台未变更主机数据点太少") \
    X("{0n} unchanged {0|host|hosts} of {1} with {2}: {3l}", "{1} 的 {0n} 台未变更主机（{2}）：{3l}") \
    X("{0n} unchanged {0|host|hosts} of {1}: {2l}", "{1} 的 {0n} 台未变更主机：{2l}") \
    X("only {0n} of them {0|has|have} {1}, too few, so all are compared with", "其中只有 {0n} 台满足 {1}，数量太少，因此与全部对照") \
    X("fewer than {0n} to compare with", "可对照的主机少于 {0n} 台") \
    \
    /* restarts, new hosts, relief */ \
    X("None of {0n} hosts was seen to be away", "{0n} 台主机均未观察到离线") \
    X("{0n} of {1n} hosts {0|was|were} back within {2s}, half of them within {3s}", \
      "{1n} 台主机中有 {0n} 台在 {2s}内恢复，其中一半在 {3s}内恢复") \
    X("{0n} of {1n} hosts {0|was|were} back within {2s}", "{1n} 台主机中有 {0n} 台在 {2s}内恢复") \
    X("{0n} of {1n} hosts {0|was|were} back", "{1n} 台主机中有 {0n} 台恢复") \
    X("{0} among others was not back at this look", "本次检查时 {0} 等主机尚未恢复") \
    X("{0} was not back at this look", "本次检查时 {0} 尚未恢复") \
    X("{0n} more {0|was|were} not seen to be away", "另有 {0n} 台未观察到离线") \
    X("{0n} {0|host|hosts} without a past ({1l}), compared with {2n} old {2|host|hosts} of the service in the same minutes", \
      "{0n} 台没有历史的主机（{1l}），与该服务的 {2n} 台老主机在同一时段对比") \
    X("{0n} {0|host|hosts} without a past ({1l}), not judged: {2n} old hosts of the service are needed to compare with, and {3n} sent enough", \
      "{0n} 台没有历史的主机（{1l}）未判定：需要该服务的 {2n} 台老主机作对照，数据足够的只有 {3n} 台") \
    X("The calls of {0n} old hosts went from {1} to {2} each, where {3n} more {3|host|hosts} should bring {4}", \
      "{0n} 台老主机每台的调用量从 {1} 变为 {2}，新增 {3n} 台后预期为 {4}") \
    X("The {5} of {0n} old hosts went from {1} to {2} each, where {3n} more {3|host|hosts} should bring {4}", \
      "{0n} 台老主机的 {5} 从 {1} 变为 {2}，新增 {3n} 台后预期为 {4}") \
    X("the new ones have {0}", "新主机每台 {0}") \
    X("the new one has {0}", "新主机为 {0}") \
    \
    /* the slow look */ \
    X("not looked again {0s} after: no series of the changed hosts is known", "变更 {0s}后未复查：没有变更主机的指标") \
    X("not looked again {0s} after: less than {1s} of history before the change", "变更 {0s}后未复查：变更前历史不足 {1s}") \
    X("not looked again {0s} after: other changes worked on its hosts in the meantime", "变更 {0s}后未复查：期间这些主机有其他变更") \
    X("not looked again {0s} after: too few samples", "变更 {0s}后未复查：数据点太少") \
    X("looked again {0s} after: {1n} of {2n} series crept up", "变更 {0s}后复查：{2n} 条序列中有 {1n} 条缓慢变差") \
    X("{0n} more had too little history or too few samples", "另有 {0n} 条历史或数据点不足") \
    X("other changes worked on {0n} {0|host|hosts} in the meantime", "期间有 {0n} 台主机发生其他变更") \
    X("{0n} of {1n} changed hosts were looked at", "复查了 {1n} 台变更主机中的 {0n} 台") \
    \
    /* other changes */ \
    X("Changed {0l} at the same time", "同时变更了 {0l}") \
    X("Changed other hosts of {0} {1s} before this change", "在本次变更前 {1s}变更了 {0} 的其他主机") \
    X("Changed other hosts of {0} {1s} after this change", "在本次变更后 {1s}变更了 {0} 的其他主机") \
    X("Changed {0l} and {2n} more of the same hosts {1s} before this change", "在本次变更前 {1s}变更了其中的 {0l} 等主机（另有 {2n} 台）") \
    X("Changed {0l} and {2n} more of the same hosts {1s} after this change", "在本次变更后 {1s}变更了其中的 {0l} 等主机（另有 {2n} 台）") \
    X("Changed {0l} {1s} before this change", "在本次变更前 {1s}变更了 {0l}") \
    X("Changed {0l} {1s} after this change", "在本次变更后 {1s}变更了 {0l}") \
    X("Nothing tells this change and {0} apart: {1} moved on {2p}", "无法区分是本次变更还是 {0} 所致：{1} 的变化出现在{2p}") \
    X("This change is the likelier cause, not {0}: {1} moved on {2p}", "更可能由本次变更引起，而不是 {0}：{1} 的变化出现在{2p}") \
    X("{0} is the likelier cause: {1} moved on {2p}", "更可能由 {0} 引起：{1} 的变化出现在{2p}") \
    X("none of {0n} {0|host|hosts} that both changed", "两次都变更的 {0n} 台中 0 台") \
    X("{0n} of {1n} {1|host|hosts} that both changed", "两次都变更的 {1n} 台中 {0n} 台") \
    X("none of {0n} {0|host|hosts} that only this one changed", "只有本次变更的 {0n} 台中 0 台") \
    X("{0n} of {1n} {1|host|hosts} that only this one changed", "只有本次变更的 {1n} 台中 {0n} 台") \
    X("none of {0n} {0|host|hosts} that only {1} changed", "只有 {1} 变更的 {0n} 台中 0 台") \
    X("{0n} of {1n} {1|host|hosts} that only {2} changed", "只有 {2} 变更的 {1n} 台中 {0n} 台") \
    X("it began before this change on {0n} of the {1n} that moved, {2s} before it on {3}", \
      "其中 {0n} 台（共 {1n} 台有变化）在本次变更之前就已开始，{3} 提前了 {2s}") \
    X("it began before {0} on {1n} of the {2n} that moved", "其中 {1n} 台（共 {2n} 台有变化）在 {0} 之前就已开始") \
    X("it began with this change and with {0}", "开始时间与本次变更和 {0} 都吻合") \
    X("it began with this change and {0s} after {1}", "变化与本次变更同时开始，比 {1} 晚 {0s}") \
    X("it began {0s} after this change and with {1}", "变化与 {1} 同时开始，比本次变更晚 {0s}") \
    X("it began {0s} after this change and {1s} after {2}", "变化比本次变更晚 {0s}，比 {2} 晚 {1s}") \
    \
    /* hard limits */ \
    X("above {0} in {1n} of {2n} points", "高于 {0}，{2n} 个点中至少 {1n} 个") \
    X("below {0} in {1n} of {2n} points", "低于 {0}，{2n} 个点中至少 {1n} 个") \
    X("{0} in {1n} of {2n} points", "满足 {0}，{2n} 个点中至少 {1n} 个")
/* clang-format on */

#endif
