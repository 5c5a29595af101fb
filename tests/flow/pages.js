/* Clicks through the pages for test_pages.py: $URL is the service, $CHROMIUM the browser.
 * Prints what failed, and as its last line {"done": n, "failed": n}. */
"use strict";
const fs = require("fs");
const { chromium } = require("playwright-core");

const base = process.env.URL;
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
let done = 0, failed = 0;

function check(what, good, more) {
    done++;
    if (good)
        return;
    failed++;
    console.log("FAILED " + what + (more === undefined ? "" : ": " + more));
}

/* Serious findings only; the pages' policy lets no stranger's script in, so it is run
 * past that by the browser's own hand. */
async function look(page, what) {
    await page.evaluate(axe);
    const got = await page.evaluate(() => axe.run());
    const bad = got.violations.filter((v) => v.impact === "serious" || v.impact === "critical");
    check(what + " has no serious finding of axe", bad.length === 0,
        bad.map((v) => v.id + " " + v.nodes.map((n) => n.html.slice(0, 120)).join(" ")).join("; "));
    const wide = await page.evaluate(() =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(what + " is no wider than the window", wide <= 0, wide + " pixels");
}

async function changes(page, size) {
    await page.goto(base + "/");
    await look(page, "the list " + size);
    check("both changes are listed", await page.locator(".changes li").count() === 2);
    check("a title is a text", await page.locator("text=<script>alert(1)</script>").count() > 0);
    await page.fill("input[name=service]", "pay");
    await page.selectOption("select[name=kind]", "release");
    await page.click("text=Show");
    check("the filter holds", await page.locator(".changes li").count() === 1);
    await page.selectOption("select[name=grade]", "ok");
    await page.click("text=Show");
    check("nothing fits and it says so", await page.locator("text=No change fits").count() === 1);
}

async function report(page, size) {
    await page.goto(base + "/");
    await page.click("text=pay 2.4.1 -> 2.5.0");
    check("the report opens", page.url().endsWith("/changes/c1"));
    await page.waitForSelector(".zoom canvas");
    await look(page, "the report " + size);
    check("the picture has made room", !(await page.locator("picture").first().isVisible()));
    const before = await page.locator(".zoom canvas").first().screenshot();
    const box = await page.locator(".zoom .u-over").first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    const after = await page.locator(".zoom canvas").first().screenshot();
    check("a drag zooms", !before.equals(after));
    const hosts = page.locator("details summary").first();
    await hosts.click();
    check("the hosts open", await page.locator("details[open]").count() > 0);
}

async function service(page, size) {
    await page.goto(base + "/services/pay");
    await look(page, "the service " + size);
    check("its changes stand on the line", await page.locator(".timeline circle").count() === 1);
    check("its courses are drawn", await page.locator("img.course").count() === 2);
    const broken = await page.evaluate(async () => {
        let n = 0;
        for (const img of document.querySelectorAll("img.course")) {
            img.loading = "eager";
            await img.decode().catch(() => { n++; });
        }
        return n;
    });
    check("and can be seen", broken === 0, broken + " cannot");
    await page.click("a[href='/services/bank']");
    check("a neighbour is a click away", page.url().endsWith("/services/bank"));
}

async function what(page, size) {
    await page.goto(base + "/what");
    await look(page, "what changed " + size);
    await page.fill("input[name=service]", "pay");
    await page.fill("input[name=at]", "10m");
    await page.click("text=Show");
    const first = await page.locator(".candidates li").first().innerText();
    check("the likeliest is first, with why", first.includes("2.5.0") &&
        first.includes("It changed this service"), first);
    await page.fill("input[name=at]", "yesterday");
    await page.click("text=Show");
    check("a mistake is told in words", await page.locator("text=is no time").count() === 1);
}

async function rest(page, size) {
    await page.goto(base + "/rules");
    await look(page, "the rules " + size);
    const rule = page.locator("details.rule").first();
    await rule.locator("summary").click();
    check("a rule opens", await rule.locator("table").isVisible());
    for (const path of ["/mutes", "/inputs", "/changes/none"]) {
        await page.goto(base + path);
        await look(page, path + " " + size);
    }
}

/* Everything is reached without a pointer, and one sees where one is. */
async function keyboard(page) {
    await page.goto(base + "/");
    await page.keyboard.press("Tab");
    check("the first stop skips to the content",
        await page.evaluate(() => document.activeElement.className) === "skip");
    let reached = false;
    for (let i = 0; i < 30 && !reached; i++) {
        await page.keyboard.press("Tab");
        reached = await page.evaluate(() =>
            document.activeElement.getAttribute("href") === "/changes/c1");
    }
    check("a change is reached by Tab", reached);
    const outline = await page.evaluate(() =>
        getComputedStyle(document.activeElement).outlineStyle);
    check("and shows it", outline !== "none", outline);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/changes/c1");
}

async function withoutScript(browser) {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(base + "/changes/c1");
    check("without a script the picture is there",
        await page.locator("picture img").first().isVisible());
    await context.close();
}

async function run() {
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM,
        args: ["--no-sandbox", "--disable-gpu"],
    });
    const sizes = [[1280, 900, "light"], [390, 844, "light"], [1920, 1080, "dark"]];
    for (const [width, height, scheme] of sizes) {
        const context = await browser.newContext({
            viewport: { width, height }, colorScheme: scheme,
        });
        const page = await context.newPage();
        const size = "at " + width + ", " + scheme;
        page.on("console", (m) => {
            /* mistakes and what is not there are pages too */
            if (m.type() === "error" && !m.text().match(/ (400|404) /))
                check("the console is quiet " + size, false, m.text());
        });
        page.on("pageerror", (e) => check("no script fails " + size, false, e.message));
        page.on("request", (r) => {
            if (!r.url().startsWith(base))
                check("nothing is asked of others", false, r.url());
        });
        await changes(page, size);
        await report(page, size);
        await service(page, size);
        await what(page, size);
        await rest(page, size);
        if (width === 1280)
            await keyboard(page);
        await context.close();
    }
    await withoutScript(browser);
    await browser.close();
}

run().then(() => {
    console.log(JSON.stringify({ done, failed }));
    process.exit(failed > 0 ? 1 : 0);
}, (error) => {
    console.log("FAILED " + error.stack);
    process.exit(1);
});
