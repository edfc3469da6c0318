// Builds static/dist: portal.css, portal.js and icons.svg. Nothing is built again
// while its inputs are unchanged, so `npm run build` may be called at every start.
import { createHash } from "node:crypto";
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "static/src");
const output = join(root, "static/dist");
const modules = join(root, "node_modules");
const apps = "{activities,analytics,community,config,feedback,learning,members,points}";

// Where class names are written.
const naming = [
    `templates/**/*.html`,
    `${apps}/templates/**/*.html`,
    `${apps}/{forms,components,shell}.py`,
    `static/src/js/*.js`,
];
const own = ["static/build.mjs", "static/src/**/*.{js,scss,svg,txt}", "package-lock.json"];

// What the oldest supported browsers understand; see the list in static/README.md.
const target = ["chrome111", "safari16.4", "firefox114"];

function files(patterns) {
    return patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
}

function fingerprint() {
    const hash = createHash("sha256");
    for (const name of files([...naming, ...own])) {
        hash.update(name).update("\0").update(readFileSync(join(root, name))).update("\0");
    }
    return hash.digest("hex");
}

// Tabler uses two functions that browsers before 2024 do not know. There is one color
// scheme, so `light-dark(a, b)` is `a`; a color made from another by lightness is mixed.
function forOlderBrowsers(css) {
    css = css.replace(/oklch\(from (var\([^)]*\)) calc\(l - [\d.]+\) c h\)/g, "color-mix(in oklab, $1 88%, black)");
    const name = "light-dark(";
    let from;
    while ((from = css.lastIndexOf(name)) !== -1) {
        let depth = 1;
        let comma = 0;
        let at = from + name.length;
        for (; depth; at++) {
            if (css[at] === "(") depth++;
            else if (css[at] === ")") depth--;
            else if (css[at] === "," && depth === 1) comma ||= at;
        }
        css = css.slice(0, from) + css.slice(from + name.length, comma).trim() + css.slice(at);
    }
    return css;
}

function compile(sass, name) {
    const options = { loadPaths: [modules], quietDeps: true };
    return sass.compile(join(source, "scss", name), options).css;
}

// Of Tabler only what a template names is kept; our own styles stay whole.
async function buildStyles({ sass, esbuild, PurgeCSS }) {
    const [{ css: tabler }] = await new PurgeCSS().purge({
        content: files(naming).map((name) => join(root, name)),
        css: [{ raw: forOlderBrowsers(compile(sass, "tabler.scss")) }],
        safelist: ["fieldset", "input", "legend", "option", "select", "textarea"],
        variables: true,
        keyframes: true,
    });
    const { code } = await esbuild.transform(tabler + compile(sass, "portal.scss"), {
        loader: "css",
        minify: true,
        legalComments: "none",
        target,
    });
    writeFileSync(join(output, "portal.css"), code);
}

async function buildScript({ esbuild }) {
    await esbuild.build({
        entryPoints: [join(source, "js/portal.js")],
        outfile: join(output, "portal.js"),
        bundle: true,
        minify: true,
        format: "iife",
        legalComments: "none",
        logLevel: "error",
        target,
    });
}

// The sprite holds the icons that static/src/icons.txt names, of Tabler Icons.
function buildIcons() {
    const set = JSON.parse(readFileSync(join(modules, "@iconify-json/tabler/icons.json"), "utf8"));
    const names = readFileSync(join(source, "icons.txt"), "utf8").trim().split("\n");
    const symbols = names.map((name) => {
        if (!set.icons[name]) throw new Error(`static/src/icons.txt: there is no icon ${name}`);
        return `<symbol id="${name}" viewBox="0 0 24 24">${set.icons[name].body}</symbol>`;
    });
    const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
    writeFileSync(join(output, "icons.svg"), sprite);
}

function standing() {
    try {
        return readFileSync(join(output, ".inputs"), "utf8");
    } catch {
        return "";
    }
}

const inputs = fingerprint();
if (standing() === inputs) {
    console.log("static/dist is up to date");
} else {
    const [sass, esbuild, { PurgeCSS }] = await Promise.all([
        import("sass"),
        import("esbuild"),
        import("purgecss"),
    ]);
    mkdirSync(output, { recursive: true });
    await Promise.all([buildStyles({ sass, esbuild, PurgeCSS }), buildScript({ esbuild })]);
    buildIcons();
    copyFileSync(join(source, "mark.svg"), join(output, "mark.svg"));
    writeFileSync(join(output, ".inputs"), inputs);
    console.log("static/dist is built");
}
