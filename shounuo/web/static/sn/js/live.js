// The server's events: data-live="case:123" (several, space separated) refreshes an element from data-live-url by htmx
// (or its own hx-get); [data-live-count="list:mine"] gets "n 件新的" instead, so that rows do not move under the pointer.
const { sn } = globalThis;
const url = document.documentElement.dataset.liveUrl;
let source = null; let wait = 1000; let last = '';

function refresh(el) {
  const from = el.dataset.liveGet || el.getAttribute('hx-get');
  if (!from || !globalThis.htmx) return;
  if (el.contains(document.activeElement) && sn.typing(document.activeElement) && !el.hasAttribute('data-live-safe')) { el.dataset.liveStale = '1'; return; }
  globalThis.htmx.ajax('GET', from, { target: el, swap: el.getAttribute('hx-swap') || 'outerHTML', source: el });
}
const queue = new Set(); let timer = 0;
function later(el) { queue.add(el); if (!timer) timer = setTimeout(() => { timer = 0; queue.forEach(refresh); queue.clear(); }, 250); }
function handle(topic, data) {
  document.dispatchEvent(new CustomEvent('sn:live', { detail: { topic, data } }));
  document.querySelectorAll('[data-live]').forEach((el) => { if (el.dataset.live.split(' ').includes(topic)) later(el); });
  document.querySelectorAll('[data-live-count]').forEach((el) => {
    if (!el.dataset.liveCount.split(' ').includes(topic)) return;
    const n = (+el.dataset.n || 0) + 1; el.dataset.n = n;
    const label = el.querySelector('[data-text]') || el; label.textContent = sn.fill(sn.words.newRows, { n });
    el.hidden = false;
  });
}
function state(up) { document.querySelectorAll('[data-live-state]').forEach((el) => { el.classList.toggle('is-off', !up); el.title = el.dataset[up ? 'on' : 'off'] || ''; }); }
function connect() {
  const topics = new Set(); document.querySelectorAll('[data-live], [data-live-count]').forEach((el) => `${el.dataset.live || ''} ${el.dataset.liveCount || ''}`.split(' ').filter(Boolean).forEach((t) => topics.add(t)));
  const to = new URL(url, location.href); topics.forEach((t) => to.searchParams.append('topic', t)); if (last) to.searchParams.set('after', last);
  source = new EventSource(to);
  source.onopen = () => { wait = 1000; state(true); };
  source.onmessage = (e) => { if (e.lastEventId) last = e.lastEventId; try { const d = JSON.parse(e.data); handle(d.topic || d.kind, d); } catch { /* a comment or an empty line */ } };
  source.onerror = () => { source.close(); state(false); setTimeout(connect, wait + Math.random() * 1000); wait = Math.min(wait * 2, 60000); };
}
if (url && 'EventSource' in globalThis) {
  connect();
  addEventListener('pagehide', () => source?.close());
  addEventListener('pageshow', (e) => { if (e.persisted) connect(); });
  document.addEventListener('htmx:afterSettle', () => { // the page shows another case: other topics
    const now = [...document.querySelectorAll('[data-live], [data-live-count]')].map((el) => el.dataset.live || el.dataset.liveCount).sort().join();
    if (now !== document.documentElement.dataset.liveTopics) { document.documentElement.dataset.liveTopics = now; source?.close(); connect(); }
  });
}
