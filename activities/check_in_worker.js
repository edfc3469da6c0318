// Shows the list of a meeting again while there is no connection, from the copy that the
// page made of itself. Nothing else is kept, and an old copy is not shown.
const COPIES = "check-in";
const OLDEST = 3 * 60 * 60 * 1000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function copyOf(request) {
    const cache = await caches.open(COPIES);
    const copy = await cache.match(request, { ignoreSearch: request.mode === "navigate", ignoreVary: true });
    const isOld = copy && Date.now() - Date.parse(copy.headers.get("Date")) > OLDEST;
    return isOld ? undefined : copy;
}

self.addEventListener("fetch", (event) => {
    if (event.request.method !== "GET") return;
    const answer = fetch(event.request).catch(async (fault) => {
        const copy = await copyOf(event.request);
        if (copy) return copy;
        throw fault;
    });
    event.respondWith(answer);
});
