// Every page works without this file; it only makes pages smoother.
import htmx from "htmx.org";
import "./check_in.js";

// htmx sends the same token as the page's forms.
document.addEventListener("htmx:configRequest", ({ detail }) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token) detail.headers["X-CSRFToken"] = token.content;
});

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(failure, () => {
        document.querySelector(".failure")?.remove();
        const template = document.getElementById("failure-template");
        document.body.append(template.content.cloneNode(true));
    });
}

document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest(".failure").remove();
    if (event.target.closest("[data-print]")) window.print();

    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog) {
        event.preventDefault();
        dialog.showModal();
    }

    for (const menu of document.querySelectorAll("details.menu[open]")) {
        if (!menu.contains(event.target)) menu.open = false;
    }
});

document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
    }
});

// <form data-confirm="text"> asks first and then posts confirmed=1 as well. Without
// scripts the form posts as it is and the server answers with a page that asks.
function confirmed(text) {
    const template = document.getElementById("confirm-template");
    const dialog = template.content.cloneNode(true).querySelector("dialog");
    dialog.querySelector(".dialog-text").textContent = text;
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => {
            resolve(dialog.returnValue === "confirmed");
            dialog.remove();
        });
    });
}

document.addEventListener(
    "submit",
    async (event) => {
        const form = event.target;
        const text = event.submitter?.dataset.confirm || form.dataset.confirm;
        if (!text || form.querySelector('input[name="confirmed"]')) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        if (!(await confirmed(text))) return;
        const input = document.createElement("input");
        Object.assign(input, { type: "hidden", name: "confirmed", value: "1" });
        form.append(input);
        form.requestSubmit(event.submitter);
        setTimeout(() => input.remove());
    },
    { capture: true },
);

// <form data-autosubmit> is sent when a choice changes; typed text waits for Enter.
document.addEventListener("change", ({ target }) => {
    const typed = target.matches("textarea, input:not([type=checkbox], [type=radio], [type=date])");
    if (!typed) target.closest("form[data-autosubmit]")?.requestSubmit();
});

for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;

document.querySelector(".form-errors")?.focus();

window.htmx = htmx;
