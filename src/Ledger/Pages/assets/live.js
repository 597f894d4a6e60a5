// The page of a job that has not ended: its counts as they change, without a reload. What words say is the server's: parts of the page are
// fetched again when the phase changes.

const live = document.getElementById('live');
const note = document.getElementById('live-note');
const words = document.getElementById('live-words');
const number = new Intl.NumberFormat('en-US');
const spokenEvery = 10_000; // ms: a screen reader is not to be flooded
let spokenAt = 0;
let partsOf = live.dataset.phase;

const events = new EventSource(live.dataset.progress);
events.addEventListener('open', () => { note.textContent = 'Live: this page follows the job.'; });
events.addEventListener('status', event => show(JSON.parse(event.data)));
events.addEventListener('error', () => {
    // While the browser connects again by itself there is nothing to do.
    note.textContent = events.readyState === EventSource.CLOSED
        ? 'Live updates have stopped. Reload the page to see how far it is.'
        : 'Connecting again …';
});

function show(status) {
    const result = status.result;
    for (const place of live.querySelectorAll('[data-count]')) place.textContent = number.format(result[place.dataset.count]);
    for (const place of document.querySelectorAll('[data-item]')) {
        place.textContent = number.format(result.deletedItems[place.dataset.item]);
    }
    const bar = document.getElementById('bar');
    const nothing = status.completedAt !== null && result.totalConversations === 0;
    bar.max = Math.max(1, result.totalConversations);
    bar.value = nothing ? 1 : result.processedCount;

    const ended = status.status !== 'queued';
    if (ended) {
        events.close();
        note.textContent = 'The job has ended.';
    }
    const phase = ended ? status.status : status.phase;
    say(`${phase}: ${number.format(result.processedCount)} of ${number.format(result.totalConversations)} conversations processed`, ended);
    if (phase !== partsOf) {
        partsOf = phase;
        refresh();
    }
}

function say(text, now) {
    if (!now && performance.now() - spokenAt < spokenEvery) return;
    spokenAt = performance.now();
    words.textContent = text;
}

async function refresh() {
    try {
        const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
        if (!answer.ok || answer.redirected) return;
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        for (const part of document.querySelectorAll('[data-part]')) {
            const fresh = page.getElementById(part.id);
            if (fresh !== null) part.replaceWith(document.adoptNode(fresh));
        }
    } catch {
        note.textContent = 'Reload the page to see all of it.';
    }
}
