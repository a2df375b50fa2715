// A case opens at its newest message. The composer: reply or note, one line on a phone until it is wanted, grows with its text.
const { sn } = globalThis;
const atEnd = (pane) => pane.scrollHeight - pane.scrollTop - pane.clientHeight < 80;
let stays = true; // the reader is at the end: what comes is scrolled into view
sn.each('[data-case-scroll]', (pane) => {
  if (!location.hash) pane.scrollTop = pane.scrollHeight;
  pane.addEventListener('scroll', () => { stays = atEnd(pane); }, { passive: true });
});
document.addEventListener('htmx:afterSettle', () => {
  const pane = document.querySelector('[data-case-scroll]');
  if (pane && stays) pane.scrollTop = pane.scrollHeight;
});
// folded runs that were opened stay open when the timeline is read again
let unfolded = [];
document.addEventListener('htmx:beforeSwap', () => { unfolded = [...document.querySelectorAll('#timeline details[open][id]')].map((d) => d.id); });
document.addEventListener('htmx:afterSettle', () => unfolded.forEach((id) => { const d = document.getElementById(id); if (d) d.open = true; }));

sn.each('[data-composer]', (form) => {
  const area = form.querySelector('textarea');
  const mode = form.querySelector('[name=mode]');
  const version = form.querySelector('[name=version]');
  const tabs = [...form.querySelectorAll('[data-mode]')];
  const keys = new Map(tabs.map((b) => [b, b.dataset.key]));
  const grow = () => { area.style.setProperty('height', 'auto'); area.style.setProperty('height', `${Math.min(area.scrollHeight, innerHeight * 0.4)}px`); };
  const wake = () => { form.classList.add('is-open'); grow(); };
  // "i" goes to the other one, as in Zammad
  const mark = () => tabs.forEach((b) => { b.dataset.key = b.classList.contains('is-on') ? keys.get(b) : `${keys.get(b)}|i`; });
  tabs.forEach((b) => b.addEventListener('click', () => {
    mode.value = b.dataset.mode;
    form.classList.toggle('is-note', b.dataset.mode === 'note');
    tabs.forEach((x) => { x.classList.toggle('is-on', x === b); x.setAttribute('aria-pressed', String(x === b)); });
    mark(); wake(); area.focus(); area.setSelectionRange(area.value.length, area.value.length);
  }));
  area.addEventListener('focus', wake);
  let empty = !area.value.trim();
  area.addEventListener('input', () => {
    grow();
    form.querySelectorAll('[data-said]').forEach((x) => x.remove());
    // the answer is to what stood on the page when it was begun
    const shown = document.getElementById('timeline')?.dataset.version;
    if (empty && area.value.trim() && shown && version) version.value = shown;
    empty = !area.value.trim();
  });
  document.addEventListener('pointerdown', (e) => {
    if (form.contains(e.target) || area.value.trim() || e.target.closest('dialog')) return;
    form.classList.remove('is-open'); area.style.removeProperty('height');
  });
  mark();
  if (area.value.trim()) { grow(); if (innerWidth >= 640) form.classList.add('is-open'); }
});

// "." copies the case's number, ".." number and title, "..." its address
let dots = 0;
let dotTimer = 0;
document.addEventListener('sn:dot', () => {
  const box = document.getElementById('case');
  if (!box) return;
  dots = Math.min(dots + 1, 3);
  clearTimeout(dotTimer);
  dotTimer = setTimeout(() => {
    const { number, title } = box.dataset;
    const text = [number, `${number} ${title}`, `${location.origin}/cases/${number}/`][dots - 1];
    dots = 0;
    navigator.clipboard?.writeText(text).then(() => sn.toast(sn.fill(sn.words.copied, { text })), () => {});
  }, 450);
});
