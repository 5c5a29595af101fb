/* page.js - what pages do beyond their HTML: charts that one can zoom, and lists that
 * keep themselves up to date.  Nothing on a page needs it. */
"use strict";
(function () {
    const LIVE_MS = 15000;

    /* --- charts --- */

    let uplot = null; /* a promise, once the first chart is asked for */

    function loadUplot() {
        if (uplot === null)
            uplot = new Promise(function (done, failed) {
                const css = document.createElement("link");
                css.rel = "stylesheet";
                css.href = "/assets/uplot.css";
                document.head.append(css);
                const script = document.createElement("script");
                script.src = "/assets/uplot.js";
                script.onload = function () { done(window.uPlot); };
                script.onerror = failed;
                document.head.append(script);
            });
        return uplot;
    }

    function colour(name) {
        return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    }

    function shade(u, from, to, fill) {
        if (from === null || to === null || to <= from)
            return;
        const left = Math.max(u.valToPos(from, "x", true), u.bbox.left);
        const right = Math.min(u.valToPos(to, "x", true), u.bbox.left + u.bbox.width);
        if (right <= left)
            return;
        u.ctx.fillStyle = fill;
        u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
    }

    function rule(u, at, stroke, level) {
        const box = u.bbox;
        const x = level ? 0 : u.valToPos(at, "x", true);
        const y = level ? u.valToPos(at, "y", true) : 0;
        if (level ? y < box.top || y > box.top + box.height
            : x < box.left || x > box.left + box.width)
            return;
        u.ctx.save();
        u.ctx.strokeStyle = stroke;
        u.ctx.lineWidth = devicePixelRatio;
        u.ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
        u.ctx.beginPath();
        u.ctx.moveTo(level ? box.left : x, level ? y : box.top);
        u.ctx.lineTo(level ? box.left + box.width : x, level ? y : box.top + box.height);
        u.ctx.stroke();
        u.ctx.restore();
    }

    function clock(seconds, from, to) {
        return new Date(seconds * 1000).toISOString().slice(from, to).replace("T", " ");
    }

    function series(line) {
        return {
            label: line.label,
            stroke: "#" + line.rgb.toString(16).padStart(6, "0"),
            width: line.dashed ? 1 : 1.6,
            dash: line.dashed ? [4, 3] : undefined,
            points: { show: false },
            value: function (u, v) { return v === null ? "–" : v.toPrecision(4); },
        };
    }

    function options(UPlot, chart, width, height) {
        const axis = {
            stroke: colour("--quiet"),
            grid: { stroke: colour("--line"), width: 1 },
            ticks: { stroke: colour("--line"), width: 1 },
        };
        return {
            width: width,
            height: height,
            tzDate: function (s) { return UPlot.tzDate(new Date(s * 1000), "Etc/UTC"); },
            cursor: { drag: { x: true, y: false } },
            axes: [
                Object.assign({
                    values: function (u, splits, no, space, step) {
                        return splits.map(function (s) {
                            return clock(s, 11, step < 60 ? 19 : 16);
                        });
                    },
                }, axis),
                Object.assign({ size: 64, label: chart.unit || undefined }, axis),
            ],
            series: [{
                label: "UTC",
                value: function (u, s) { return s === null ? "–" : clock(s, 0, 19); },
            }].concat(chart.lines.map(series)),
            hooks: {
                drawClear: [function (u) {
                    shade(u, chart.before[0], chart.before[1], "rgba(110,119,129,.13)");
                    shade(u, chart.after[0], chart.after[1], "rgba(212,167,44,.16)");
                }],
                draw: [function (u) {
                    if (chart.pivot !== null)
                        rule(u, chart.pivot, colour("--must"), false);
                    if (chart.limit !== null)
                        rule(u, chart.limit, colour("--attention"), true);
                }],
            },
        };
    }

    function values(chart) {
        const times = chart.lines[0].values.map(function (v, i) {
            return chart.from + i * chart.step;
        });
        return [times].concat(chart.lines.map(function (l) { return l.values; }));
    }

    /* The picture stays in the page for whoever prints it. */
    function replace(picture, UPlot, chart) {
        const box = document.createElement("div");
        box.className = "zoom";
        picture.before(box);
        const width = Math.max(240, box.clientWidth);
        const plot = new UPlot(options(UPlot, chart, width, width < 500 ? 200 : 260),
            values(chart), box);
        const hint = document.createElement("p");
        hint.className = "quiet";
        hint.textContent = picture.dataset.hint || "";
        box.append(hint);
        picture.classList.add("drawn");
        addEventListener("resize", function () {
            const now = Math.max(240, box.clientWidth);
            if (now !== plot.width)
                plot.setSize({ width: now, height: plot.height });
        });
    }

    function draw(picture) {
        Promise.all([loadUplot(), fetch(picture.dataset.chart)])
            .then(function (got) {
                if (!got[1].ok)
                    return null;
                return got[1].json().then(function (chart) {
                    replace(picture, got[0], chart);
                });
            })
            .catch(function () { /* the picture is there */ });
    }

    const seen = new IntersectionObserver(function (entries) {
        for (const e of entries)
            if (e.isIntersecting) {
                seen.unobserve(e.target);
                draw(e.target);
            }
    }, { rootMargin: "400px" });
    for (const picture of document.querySelectorAll("picture[data-chart]"))
        seen.observe(picture);

    /* --- lists that live --- */

    const live = document.querySelector("[data-live]");

    function renew() {
        /* somebody who reads or has the focus in it is left in peace */
        if (document.hidden || live.contains(document.activeElement))
            return;
        fetch(location.href).then(function (answer) {
            return answer.ok ? answer.text() : null;
        }).then(function (text) {
            if (text === null)
                return;
            const page = new DOMParser().parseFromString(text, "text/html");
            const next = page.querySelector("[data-live]");
            if (next !== null && next.innerHTML !== live.innerHTML)
                live.replaceChildren(...next.childNodes);
        }).catch(function () { /* the next time, perhaps */ });
    }
    if (live !== null)
        setInterval(renew, LIVE_MS);
})();
