// The server's events. data-live="case:123" (several, space separated): the element is fetched again from data-live-get.
// data-live-all (the page's address) fetches a list in one piece when news was missed. data-live-count="list:mine": rows
// do not move under the pointer; data-ids-url names what stands on the list now, what is not on the page is counted.
const { sn } = globalThis;
const url = document.documentElement.dataset.liveUrl;
const EVERY = 5000; // a list is counted again at most this often
let source = null;
let wait = 1000;
let topics = '';
let broken = false;

// What a person asked for goes first: no live answer takes away the element whose request is under way.
let busy = 0;
const own = (e) => e.detail.requestConfig?.elt?.dataset.liveAsked;
document.addEventListener('htmx:beforeSend', (e) => { if (!own(e)) busy += 1; });
document.addEventListener('htmx:afterRequest', (e) => { if (!own(e)) busy = Math.max(0, busy - 1); });
document.addEventListener('htmx:beforeSwap', (e) => {
  if (own(e) && (busy || menuOpen())) { e.detail.shouldSwap = false; later(e.detail.requestConfig.elt); }
});
const menuOpen = () => !!document.querySelector('#case .sn-menu:not([hidden])');

function refresh(el) {
  const from = el.dataset.liveGet || el.dataset.liveAll;
  if (!from || !globalThis.htmx || !el.isConnected) return;
  if (busy || menuOpen()) { later(el, 1000); return; }
  el.dataset.liveAsked = '1';
  const options = { target: el, swap: 'outerHTML', source: el };
  if (!el.dataset.liveGet) options.select = `#${el.id}`;
  globalThis.htmx.ajax('GET', from, options);
}
const queue = new Set();
let timer = 0;
function later(el, wait = 250) {
  queue.add(el);
  if (!timer) timer = setTimeout(() => { timer = 0; const all = [...queue]; queue.clear(); all.forEach(refresh); }, wait);
}

const counted = new WeakMap(); // element -> when it was last counted, and whether it waits to be
function count(el) {
  if (!el.dataset.idsUrl) return;
  const state = counted.get(el) || { at: 0, due: 0 };
  counted.set(el, state);
  if (state.due) return;
  state.due = setTimeout(async () => {
    state.due = 0; state.at = Date.now();
    try {
      const r = await fetch(el.dataset.idsUrl, { credentials: 'same-origin', headers: { Accept: 'application/json' } });
      if (!r.ok) return;
      const n = (await r.json()).ids.filter((id) => !document.getElementById(`row-${id}`)).length;
      (el.querySelector('[data-text]') || el).textContent = sn.fill(sn.words.newRows, { n });
      if (n && el.hidden) sn.say(sn.fill(sn.words.newRows, { n }));
      el.hidden = !n;
    } catch { /* the next piece of news counts again */ }
  }, Math.max(400, state.at + EVERY - Date.now()));
}

const wanted = (el, name) => (el.dataset[name] || '').split(' ').filter(Boolean);
function handle(topic, data) {
  document.dispatchEvent(new CustomEvent('sn:live', { detail: { topic, data } }));
  const missed = topic === '*'; // everything is read again, a list in one piece
  if (missed) document.querySelectorAll('[data-live-all]').forEach((el) => later(el));
  document.querySelectorAll('[data-live]').forEach((el) => {
    if (missed ? !el.closest('[data-live-all]') : wanted(el, 'live').includes(topic)) later(el);
  });
  document.querySelectorAll('[data-live-count]').forEach((el) => { if (!missed && wanted(el, 'liveCount').includes(topic)) count(el); });
}
function state(up) {
  document.documentElement.toggleAttribute('data-live-up', up);
  document.querySelectorAll('[data-live-state]').forEach((el) => { el.classList.toggle('is-off', !up); el.title = el.dataset[up ? 'on' : 'off'] || ''; });
}
function asked() {
  const found = new Set();
  document.querySelectorAll('[data-live], [data-live-count]').forEach((el) => [...wanted(el, 'live'), ...wanted(el, 'liveCount')].forEach((t) => found.add(t)));
  return [...found].sort();
}
function connect() {
  const found = asked();
  topics = found.join();
  const to = new URL(url, location.href);
  found.forEach((t) => to.searchParams.append('topic', t));
  source?.close();
  source = new EventSource(to);
  source.addEventListener('listening', () => { wait = 1000; state(true); if (broken) { broken = false; handle('*', {}); } });
  source.onmessage = (e) => { try { const d = JSON.parse(e.data); handle(d.topic, d); } catch { /* a comment or an empty line */ } };
  source.addEventListener('signed-out', () => { source.close(); state(false); });
  source.onerror = () => {
    source.close(); state(false); broken = true;
    setTimeout(connect, wait + Math.random() * 1000); wait = Math.min(wait * 2, 60000);
  };
}
if (url && 'EventSource' in globalThis && asked().length) {
  connect();
  addEventListener('pagehide', () => source?.close());
  addEventListener('pageshow', (e) => { if (e.persisted) { broken = true; connect(); } });
  document.addEventListener('htmx:afterSettle', () => { if (asked().join() !== topics) connect(); }); // the page shows something else
}
