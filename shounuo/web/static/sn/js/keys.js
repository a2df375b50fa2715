// Single keys. Elements declare theirs: data-key="r" (or "Ctrl+k", "Shift+C", "g i"), data-key-label="回复客户".
// A key clicks its element; in a field it is focused. Keys sleep while an input method composes and in editors.
// j/k and arrows walk [data-rows] lists ([data-row] items), Enter opens, / focuses [data-search].
const { sn } = globalThis;
let pending = ''; let pendingAt = 0;

function name(e) {
  let key = e.key.length === 1 ? (e.shiftKey && /[a-z]/i.test(e.key) ? e.key.toUpperCase() : e.key) : e.key;
  if (e.ctrlKey || e.metaKey) key = `Ctrl+${key.toLowerCase()}`;
  else if (e.altKey) key = `Alt+${key.toLowerCase()}`;
  else if (e.shiftKey && /^[A-Z]$/.test(key)) key = `Shift+${key}`;
  return key;
}
function find(key) {
  return [...document.querySelectorAll('[data-key]')].find((el) => el.dataset.key.split('|').includes(key) && !el.disabled
    && (sn.shown(el) || el.closest('#me-menu')));
}
function act(el) {
  if (sn.typing(el)) { el.focus(); return; }
  if (el.matches('[data-keys-help]')) { help(); return; }
  el.click();
}
function rows() {
  const lists = [...document.querySelectorAll('[data-rows]')].filter(sn.shown);
  const list = lists.find((l) => l.contains(document.activeElement)) || lists[0];
  return list ? [...list.querySelectorAll('[data-row]')].filter(sn.shown) : [];
}
function walk(by) {
  const all = rows(); if (!all.length) return false;
  const holds = (r) => r === document.activeElement || r.contains(document.activeElement) || r.classList.contains('is-cursor');
  let at = all.findIndex(holds);
  if (at < 0) at = all.findIndex((r) => r.closest('.is-on')) ;
  const to = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
  const focus = to.matches('a, button') ? to : to.querySelector('a, button');
  focus?.focus(); to.scrollIntoView({ block: 'nearest' });
  return true;
}
function help() {
  const box = document.createElement('dialog'); box.className = 'sn-dialog is-wide'; box.setAttribute('data-dialog', '');
  const shown = new Map();
  document.querySelectorAll('[data-key][data-key-label]').forEach((el) => { if (!shown.has(el.dataset.keyLabel)) shown.set(el.dataset.keyLabel, el.dataset.key); });
  const extra = document.getElementById('sn-keys-extra');
  if (extra) JSON.parse(extra.textContent).forEach((k) => shown.set(k.label, k.key));
  const head = document.createElement('h2'); head.textContent = sn.words.keysTitle;
  const list = document.createElement('dl'); list.className = 'sn-keys';
  shown.forEach((key, label) => {
    const row = document.createElement('div'); const dt = document.createElement('dt'); const dd = document.createElement('dd');
    key.split('|')[0].split(/(?<!^)\+/).forEach((part) => { const k = document.createElement('kbd'); k.textContent = part.length === 1 ? part.toUpperCase() : part.replace('Escape', 'Esc').replace('Arrow', ''); dt.append(k, ' '); });
    dd.textContent = label; row.append(dt, dd); list.append(row);
  });
  const inner = document.createElement('div'); inner.className = 'sn-dialog-in';
  const bar = document.createElement('header'); const x = document.createElement('button');
  x.type = 'button'; x.className = 'sn-btn is-s is-quiet'; x.dataset.close = ''; x.textContent = sn.words.close;
  bar.append(head, x); inner.append(bar, list); box.append(inner);
  document.getElementById('dialogs').append(box); head.tabIndex = -1; head.setAttribute('autofocus', ''); if (!box.open) box.showModal();
}
sn.keysHelp = help;
document.addEventListener('click', (e) => { if (e.target.closest('[data-keys-help]')) help(); });
document.addEventListener('keydown', (e) => {
  if (e.isComposing || e.keyCode === 229 || e.defaultPrevented) return;
  const key = name(e); const typing = sn.typing(e.target);
  if ((e.ctrlKey || e.metaKey) && e.key === 'Enter') {
    const form = e.target.closest?.('form') || document.querySelector('form[data-main]');
    const button = form && [...form.querySelectorAll('button[type=submit], button:not([type])')].filter(sn.shown).pop();
    if (button) { e.preventDefault(); button.click(); } else if (form) { e.preventDefault(); form.requestSubmit(); }
    return;
  }
  if (key.startsWith('Ctrl+')) { const el = find(key); if (el) { e.preventDefault(); act(el); } return; }
  if (typing) { if (e.key === 'Escape' && !document.querySelector('dialog[open]')) e.target.blur(); return; }
  if (document.querySelector('dialog[open]') || e.altKey) return;
  const joined = pending && Date.now() - pendingAt < 1200 ? `${pending} ${key}` : '';
  const el = (joined && find(joined)) || find(key);
  pending = '';
  if (el) { e.preventDefault(); act(el); return; }
  if ([...document.querySelectorAll('[data-key]')].some((x) => x.dataset.key.startsWith(`${key} `))) { pending = key; pendingAt = Date.now(); return; }
  if (key === '/') { const s = [...document.querySelectorAll('[data-search]')].find(sn.shown); if (s) { e.preventDefault(); s.focus(); s.select?.(); } else { document.querySelector('[data-palette]')?.click(); e.preventDefault(); } return; }
  if (key === 'j' || key === 'k') { if (walk(key === 'j' ? 1 : -1)) e.preventDefault(); return; }
  if (key === '?') { e.preventDefault(); help(); }
});
// picking rows for the bulk bar
document.addEventListener('change', (e) => {
  if (!e.target.matches('[data-pick]')) return;
  const list = e.target.closest('[data-picks]'); if (!list) return;
  const n = list.querySelectorAll('[data-pick]:checked').length;
  list.classList.toggle('is-picking', n > 0);
  const bar = list.querySelector('.sn-bulk'); if (!bar) return;
  bar.hidden = !n;
  const count = bar.querySelector('[data-picked]'); if (count) count.textContent = sn.fill(sn.words.selected, { n });
});
document.addEventListener('click', (e) => {
  const none = e.target.closest('[data-pick-none]'); if (!none) return;
  none.closest('[data-picks]').querySelectorAll('[data-pick]:checked').forEach((c) => { c.checked = false; c.dispatchEvent(new Event('change', { bubbles: true })); });
});
