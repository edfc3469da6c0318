/* A chooser that searches is drawn later, without a name for screen readers: give it the
   label of its field. */
new MutationObserver(() => {
    for (const box of document.querySelectorAll(".select2-selection:not([data-named])")) {
        const select = box.closest(".select2")?.previousElementSibling;
        const label = document.querySelector(`label[for="${select?.id}"]`);
        box.dataset.named = "";
        if (label) {
            label.id ||= `${select.id}_label`;
            box.setAttribute("aria-labelledby", `${label.id} ${box.getAttribute("aria-labelledby")}`);
            box.querySelector("[role=textbox]")?.setAttribute("aria-labelledby", label.id);
        }
    }
}).observe(document.documentElement, { childList: true, subtree: true });
