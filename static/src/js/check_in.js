// The list at a meeting: each tick is kept in this browser until the portal has it. Kept
// are numbers and moments, no names; they go once they are merged, and with signing out.
const COPIES = "check-in";
const PREFIX = "ticks:";
const AGAIN = 15_000;
const MOST = 500;

const list = document.getElementById("check-in");
const exits = document.querySelectorAll('form[action$="/sign-out/"]');

function read(key) {
    try {
        return JSON.parse(localStorage.getItem(key)) ?? [];
    } catch {
        return [];
    }
}

function write(key, rows) {
    if (rows.length) localStorage.setItem(key, JSON.stringify(rows));
    else localStorage.removeItem(key);
    askBeforeLeaving();
}

function kept() {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
}

function forgetCopies() {
    window.caches?.delete(COPIES).catch(() => {});
}

// Signing out takes away what waits: it asks first.
function askBeforeLeaving() {
    for (const form of exits) {
        if (kept().length) form.dataset.confirm = form.dataset.waiting;
        else delete form.dataset.confirm;
    }
}

document.addEventListener("submit", ({ target }) => {
    if (!target.matches('form[action$="/sign-out/"]')) return;
    for (const key of kept()) localStorage.removeItem(key);
    forgetCopies();
});

// A page of nobody: a session that ended leaves the ticks, but no copy of a list.
if (!exits.length) forgetCopies();
askBeforeLeaving();

function newKey() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
    return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

class CheckIn {
    constructor(form) {
        this.form = form;
        this.key = `${PREFIX}${form.dataset.owner}:${form.dataset.activity}`;
        this.state = form.querySelector(".ticks-state");
        this.refused = new Map(); // by the key of the tick: why
        this.trouble = "";
        this.sending = false;
        form.querySelector("[data-without-script]").hidden = true;
        form.addEventListener("change", ({ target }) => this.tick(target));
        form.addEventListener("click", ({ target }) => this.discard(target.closest("[data-discard]")));
        addEventListener("online", () => this.send());
        addEventListener("offline", () => this.show());
        setInterval(() => this.waiting().length && this.send(), AGAIN);
        this.show();
        if (this.rows().length) this.send();
        else this.copy();
    }

    rows() {
        return read(this.key);
    }

    waiting() {
        return this.rows().filter((row) => !this.refused.has(row.key));
    }

    boxOf(member) {
        return this.form.querySelector(`input[name="present"][value="${member}"]`);
    }

    tick(box) {
        if (box.name !== "present") return;
        const at = new Date().toISOString();
        const row = { key: newKey(), member: Number(box.value), is_present: box.checked, at };
        write(this.key, [...this.rows(), row]);
        this.show();
        this.send();
    }

    discard(button) {
        if (!button) return;
        const member = Number(button.closest("li").querySelector("input").value);
        write(this.key, this.rows().filter((row) => row.member !== member));
        this.boxOf(member).checked = this.boxOf(member).dataset.stands === "1";
        this.show();
    }

    async send() {
        if (this.sending) return;
        const ticks = this.rows().slice(0, MOST);
        if (!ticks.length) return;
        this.sending = true;
        try {
            const answer = await fetch(this.form.dataset.send, {
                method: "POST",
                headers: {
                    "Content-Type": "application/json",
                    "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
                },
                body: JSON.stringify({ clock: new Date().toISOString(), ticks }),
            });
            this.trouble = { 401: "signedOut", 403: "signedOut" }[answer.status] ?? (answer.ok ? "" : "failed");
            if (answer.ok) this.merge(await answer.json());
        } catch {
            this.trouble = "offline";
        }
        this.sending = false;
        this.show();
        // What was ticked meanwhile; what did not get through waits for its time.
        if (!this.trouble && this.waiting().length) this.send();
    }

    merge({ answers, present }) {
        const done = new Set();
        for (const { key, outcome, message } of answers) {
            if (outcome === "refused") this.refused.set(key, message);
            else done.add(key);
        }
        write(this.key, this.rows().filter((row) => !done.has(row.key)));
        for (const box of this.form.querySelectorAll('input[name="present"]')) {
            const stands = present.includes(Number(box.value));
            box.dataset.stands = stands ? "1" : "";
            box.checked = stands;
        }
        this.copy();
    }

    show() {
        const rows = this.rows();
        for (const row of rows) {
            const box = this.boxOf(row.member);
            if (box) box.checked = row.is_present;
        }
        for (const item of this.form.querySelectorAll(".ticks li")) {
            const member = Number(item.querySelector("input").value);
            const own = rows.filter((row) => row.member === member);
            const why = own.map((row) => this.refused.get(row.key)).findLast(Boolean);
            item.classList.toggle("is-waiting", own.length > 0);
            item.querySelector(".ticks-refused").hidden = !why;
            item.querySelector(".field-error").textContent = why ?? "";
        }
        const count = this.waiting().length;
        const refused = rows.length - count;
        const say = (name) => this.state.dataset[name].replace("{count}", name === "refused" ? refused : count);
        const told = [];
        if (count) told.push(say("waiting"));
        if (refused) told.push(say("refused"));
        if (!rows.length) told.push(say("sent"));
        if (!navigator.onLine || this.trouble === "offline") told.push(say("offline"));
        this.state.querySelector("p").textContent = told.join(" ");
        this.state.classList.toggle("message-success", !rows.length);
        this.state.classList.toggle("message-warning", rows.length > 0);
        this.state.querySelector("a").hidden = this.trouble !== "signedOut";
        this.state.hidden = false;
        const present = this.form.querySelectorAll('input[name="present"]:checked').length;
        this.form.querySelector(".ticks-count").textContent = present;
    }

    // So that the page opens again without a connection.
    async copy() {
        if (!("serviceWorker" in navigator) || !window.caches) return;
        try {
            const { worker, scope } = this.form.dataset;
            await navigator.serviceWorker.register(worker, { scope });
            const cache = await caches.open(COPIES);
            const parts = document.querySelectorAll('link[rel="stylesheet"], link[rel="icon"], script[src]');
            const icons = document.querySelector("svg use")?.getAttribute("href")?.split("#")[0];
            const addresses = [location.pathname, icons, ...[...parts].map((part) => part.href || part.src)];
            for (const address of addresses.filter(Boolean)) {
                const answer = await fetch(address);
                if (answer.ok && !answer.redirected) await cache.put(address, answer);
            }
            this.form.dataset.copied = "1";
        } catch {
            // Without a copy the page still keeps its ticks while it stays open.
        }
    }
}

if (list) new CheckIn(list);
