/* notifier/pack_words_list.h - titles and advice of rules/defaults: English, word for
 * word as there, and Chinese. */
#ifndef NOTIFIER_PACK_WORDS_LIST_H
#define NOTIFIER_PACK_WORDS_LIST_H

/* clang-format off */
#define PACK_WORDS(X) \
    X("CPU use", "CPU 使用率") \
    X("CPU left over", "CPU 空闲率") \
    X("Use of one core", "单核使用率") \
    X("CPU nearly used up", "CPU 接近打满") \
    X("Time spent waiting for disks, or taken by other guests", "CPU 等待磁盘或被其他虚拟机占用的时间") \
    X("Load", "系统负载") \
    X("Time in which tasks waited for CPU, memory or disks", "任务等待 CPU、内存或磁盘的时间") \
    X("Memory use", "内存使用") \
    X("Memory available", "可用内存") \
    X("Memory available, of all there is", "可用内存占比") \
    X("Pages that had to be fetched from disk", "需要从磁盘换入的内存页") \
    X("Use of swap space", "swap 使用") \
    X("Memory, other figures", "内存的其他指标") \
    X("Memory nearly used up", "内存接近耗尽") \
    X("Disk use", "磁盘使用率") \
    X("Disk saturated", "磁盘打满") \
    X("Time of a disk request", "磁盘请求耗时") \
    X("Bytes read from and written to disks", "磁盘读写量") \
    X("Space used on a file system", "文件系统已用空间") \
    X("File system nearly full", "文件系统快满了") \
    X("Network traffic", "网络流量") \
    X("Network errors and drops", "网络错包与丢包") \
    X("Connections", "连接数") \
    X("Connections that the program does not close or take", "程序未关闭或未接受的连接") \
    X("TCP segments sent again", "TCP 重传") \
    X("Processes and threads", "进程与线程数") \
    X("Processes running or blocked", "运行或阻塞的进程数") \
    X("Open files", "打开的文件数") \
    X("Context switches", "上下文切换") \
    X("Counters as they stand", "未换算成速率的原始计数器") \
    X("Changed hosts that stopped sending", "变更主机停止上报数据") \
    X("Memory use in bytes", "内存使用量") \
    X("Time that disks were busy", "磁盘忙碌时间") \
    X("Use of a core", "单个 CPU 核使用率") \
    X("What a core has left over", "单个 CPU 核空闲率") \
    X("Time of a core spent waiting, in interrupts or taken by other guests", "单个 CPU 核等待、处理中断或被其他虚拟机占用的时间") \
    X("Space left on a file system", "文件系统剩余空间") \
    X("Time that a disk was busy", "磁盘忙碌时间") \
    X("Counters as they stand, and figures of the scrape itself", "原始计数器及采集自身的指标") \
    X("Share of calls that fail", "调用失败率") \
    X("Share of calls that time out", "调用超时率") \
    X("A return code more often than before", "返回码出现次数增多") \
    X("Mean time of a call", "调用平均耗时") \
    X("Calls that stopped coming", "调用量消失") \
    X("Programs that crash", "程序崩溃（coredump）") \
    X("Alarms that wake people", "需要立即响应的告警") \
    X("Other alarms", "其他告警") \
    X("Tests that began to fail", "变更后开始失败的测试") \
    X("Probes that began to fail", "变更后开始失败的探测") \
    X("HTTP probes that began to get errors", "HTTP 探测开始返回错误") \
    X("Status of HTTP probes", "HTTP 探测状态码") \
    X("Time that probes take", "探测耗时") \
    X("New hosts that take no load", "新主机没有流量") \
    X("A figure that nobody wrote a rule for has moved", "没有对应规则的指标发生变化") \
    \
    X("Profile one changed host against an unchanged one.", "挑一台变更主机和一台未变更主机做 CPU profile 对比。") \
    X("See whether a single thread keeps one core busy.", "查看是否有单个线程占满了一个核。") \
    X("Take the change back on the busiest host and see whether it recovers.", "先在最忙的主机上回退变更，看是否恢复。") \
    X("Look at disk use for waiting; of time taken by other guests ask those who run the machine.", "等待偏高请看磁盘使用率；被其他虚拟机占用请联系宿主机管理方。") \
    X("See which of CPU use and waiting for disks rose with it.", "看是 CPU 使用率还是磁盘等待随之上升。") \
    X("The figure's name says what was short; look at that figure first.", "指标名说明了哪种资源紧张，先看该资源的指标。") \
    X("Compare with the last release at the same age. A level that keeps rising is a leak.", "与上个版本运行同样时长时对比；如果持续上涨，就是泄漏。") \
    X("Compare with the last release at the same age. A level that keeps falling is a leak.", "与上个版本运行同样时长时对比；如果持续下降，就是泄漏。") \
    X("Look for the program that grew, and see whether caches were cold after a restart.", "找出内存变大的程序，并确认是否因重启后缓存未预热。") \
    X("Compare the memory of the changed program with the last release.", "将变更程序的内存与上个版本对比。") \
    X("Look at memory use first; this is a hint at what it is used for.", "先看内存使用；本指标只提示内存用在了哪里。") \
    X("Take the change back on one host and see whether memory comes free.", "先在一台主机上回退变更，看内存是否释放。") \
    X("See which program of a changed host reads or writes more than before.", "查看变更主机上哪个程序的读写比之前多。") \
    X("See which program of a changed host reads or writes most.", "查看变更主机上哪个程序读写最多。") \
    X("See whether there are more requests or slower ones; the latter is a matter of the disk.", "确认是请求变多还是单次变慢；若是变慢，属于磁盘问题。") \
    X("See which files of a changed host grow or are read.", "查看变更主机上哪些文件在增长或被读取。") \
    X("Look for logs or cores that the change began to write.", "检查变更后是否新增了日志或 core 文件。") \
    X("See which peer of a changed host sends or gets more or less than before.", "查看变更主机与哪个对端之间的流量有变化。") \
    X("Compare the interface's settings and driver with an unchanged host.", "与未变更主机对比网卡的配置和驱动。") \
    X("See to which peers a changed host has more or fewer connections than before.", "查看变更主机与哪些对端之间的连接数有变化。") \
    X("Take the stacks of the program on a changed host and see what its threads wait for.", "在变更主机上抓取程序的线程栈，看线程在等什么。") \
    X("See whether the peers of a changed host have the same; if not, it is the host.", "看变更主机的对端是否同样有重传；若没有，问题在该主机。") \
    X("A number that keeps rising means that something is started and never ends.", "数量持续上涨，说明有进程或线程只启动不退出。") \
    X("See which program of a changed host holds them, and what they are.", "查看变更主机上是哪个程序持有、打开的是什么。") \
    X("See whether a lock or a short timer was added.", "检查是否新增了锁或短周期定时器。") \
    X("Have Telegraf send rates instead (its derivative aggregator), or use aftercheck-agent.", "请让 Telegraf 发送速率（derivative aggregator），或改用 aftercheck-agent。") \
    X("See whether the host is up and its agent runs.", "确认主机是否存活、agent 是否在运行。") \
    X("Record a rate of what matters in Prometheus and send that.", "在 Prometheus 中用 recording rule 换算成速率后再发送。") \
    X("See which code makes up the failures, then the changed hosts' logs of that time.", "先看失败集中在哪个返回码，再查变更主机在该时段的日志。") \
    X("See what the changed hosts wait for, such as a lock, an empty pool or a service behind them.", "查看变更主机在等什么：锁、连接池耗尽，还是下游服务。") \
    X("Look for the code in what was changed, and for its first time in the changed hosts' logs.", "在本次改动中查找该返回码，并在变更主机日志里找到它首次出现的时间。") \
    X("Compare the slowest call of a changed host with one of an unchanged host.", "对比变更主机与未变更主机上最慢的调用。") \
    X("See whether callers still find the service, its discovery and its listening ports.", "确认调用方能否找到服务：检查服务发现和监听端口。") \
    X("Open one of the cores with the build that was released, and read the top of the stack.", "用所发布的构建打开其中一个 core，查看栈顶。") \
    X("Treat it as the alarm says, and take the change back if it began with it.", "按告警的处理要求处置；如果是随变更开始的，请回退变更。") \
    X("Read what it says; a second one beside it is worth more than either.", "查看告警内容；如果还有别的告警同时出现，更值得重视。") \
    X("Run the first of them by hand against a changed and an unchanged host.", "手工对一台变更主机和一台未变更主机各跑一遍第一个失败用例。") \
    X("Ask the target by hand from where the probe runs, and take the change back if it fails.", "在探测点手工访问目标；如果确实失败，请回退变更。") \
    X("Ask the target by hand and read its answer; its log says the rest.", "手工访问目标并查看返回内容，再看其日志。") \
    X("See the probe that failed.", "查看失败的探测。") \
    X("Compare with the time of calls inside; what is only outside is the way to the service.", "与内部调用耗时对比；若只有外部变慢，问题在到服务的链路上。") \
    X("See whether balancers and discovery list the new hosts, and whether they pass their checks.", "确认负载均衡和服务发现是否已加入新主机，健康检查是否通过。") \
    X("If it matters, write a rule that says which way is worse and how much is much.", "如果该指标重要，请写一条规则说明哪个方向算变差、变化多大算大。") \
    \
    X("Memory of the program", "程序内存") \
    X("CPU use of the program", "程序 CPU 使用率") \
    X("Files and sockets that the program holds", "程序持有的文件与 socket") \
    X("Threads of the program", "程序线程数") \
    X("Time spent on collecting garbage", "GC 耗时") \
    X("Programs that crash by their configuration", "配置变更引起的程序崩溃") \
    X("Hosts that stop sending after a change of configuration", "配置变更后停止上报的主机") \
    X("A return code more often after a change of configuration", "配置变更后返回码增多") \
    X("Calls that go elsewhere after a change of configuration", "配置变更后流向改变的调用") \
    X("Programs that crash on new hosts", "新主机上的程序崩溃") \
    X("New hosts that stop sending", "停止上报的新主机") \
    X("Hosts that do not come back", "重启后没有恢复的主机") \
    X("Caches that a restart empties", "因重启清空的缓存") \
    X("Files read again after a restart", "重启后重新读取的文件") \
    X("Connections that do not come back after a restart", "重启后没有恢复的连接") \
    X("Programs that crash when they are stopped or started", "启停过程中的程序崩溃") \
    \
    X("Compare with the last release at the same age; what is kept for each request grows with them.", "与上个版本运行同样时长时对比；按请求保留的数据会随请求数增长。") \
    X("List what the program has open on a changed host, and count by kind and peer.", "在变更主机上列出程序打开的文件和连接，按类型和对端统计。") \
    X("Take the stacks on a changed host, and see where most of them wait.", "在变更主机上抓取线程栈，看大多数线程等在哪里。") \
    X("See what the new code allocates for each request, and how full the heap is.", "查看新代码每个请求分配了什么，以及堆的占用情况。") \
    X("Take the value back, then see how the program reads it.", "先把配置值改回去，再查程序如何读取它。") \
    X("See whether the host is up and its agent runs; a firewall is configuration, too.", "确认主机是否存活、agent 是否在运行；防火墙也属于配置。") \
    X("Look for the code beside the value that was changed.", "在用到该配置值的代码附近查找这个返回码。") \
    X("Ask a caller which addresses it has now, and compare with those it should have.", "查看调用方当前拿到的地址，与应有的地址对比。") \
    X("Compare kernel, libraries, limits and files of a new host with an old one.", "对比新老主机的内核、依赖库、ulimit 和文件。") \
    X("See whether the host is up, and take it out of the balancer until it is.", "确认主机是否存活；恢复之前先从负载均衡中摘除。") \
    X("Look at its console; a host that hangs in its start will do so in the next batch, too.", "查看主机控制台；启动时卡住的问题在下一批也会出现。") \
    X("Wait; if calls are slow meanwhile, warm the caches before the host takes calls.", "等待即可；如果期间调用变慢，请先预热缓存再接流量。") \
    X("See which program of a changed host still reads, and what.", "查看变更主机上哪个程序还在读、读的是什么。") \
    X("See whether the program listens, and whether callers keep a list that left it out.", "确认程序是否在监听，以及调用方的地址列表是否漏掉了它。") \
    X("See in its stack whether it was going down or coming up; the latter comes again.", "从栈上看崩溃发生在停止还是启动过程；如果是启动，还会再次发生。") \
     \
    X("CPU use of a group of processes", "进程组 CPU 使用率") \
    X("Memory of a group of processes", "进程组内存") \
    X("Threads and open files of a group of processes", "进程组的线程数与打开文件数") \
    X("Groups without processes", "没有进程的进程组") \
    X("Number of processes of a group", "进程组的进程数") \
    X("Restarts of a group of processes", "进程组重启") \
    X("Age of a group of processes", "进程组运行时长") \
    X("Sources of the agent that fell silent", "agent 停止产出数据的采集源") \
    X("The agent's own figures", "agent 自身的指标") \
    X("Profile the group on one changed host and on an unchanged one.", "在一台变更主机和一台未变更主机上对该进程组做 profile 对比。") \
    X("Compare it with the last release at the same age; what keeps rising is a leak.", "与上个版本运行同样时长时对比；如果持续上涨，就是泄漏。") \
    X("See what the threads wait for, and what the files are.", "查看线程在等什么、打开的是哪些文件。") \
    X("Start it by hand on one changed host and read what it says.", "在一台变更主机上手工启动，查看它的输出。") \
    X("Compare the configuration of a changed host with that of an unchanged one.", "对比变更主机与未变更主机的配置。") \
    X("See its log right before it ended, and whether it left a core.", "查看它退出前的日志，以及是否留下 core。") \
    X("See the restarts of the group.", "查看该进程组的重启情况。") \
    X("The agent's log on the host says why the source gives nothing.", "主机上 agent 的日志会说明该采集源为何没有数据。") \
    X("See the sources that fell silent.", "查看停止产出数据的采集源。")
/* clang-format on */

#endif
