// Single keys. Elements declare theirs: data-key="r" (or "Ctrl+k", "Shift+C", "Escape|u", "g i"), data-key-label="回复客户".
// A key clicks its element; a field is focused. Keys sleep while an input method composes, in editors and under dialogs,
// and can be switched off (the help says so). j/k walk [data-rows] lists ([data-row] items), Enter opens, / searches.
const { sn } = globalThis;
const OFF = 'sn-keys-off';
let pending = '';
let pendingAt = 0;
let off = false;
try { off = localStorage.getItem(OFF) === '1'; } catch { /* no storage: keys are on */ }

function name(e) {
  let key = e.key.length === 1 ? (e.shiftKey && /[a-z]/i.test(e.key) ? e.key.toUpperCase() : e.key) : e.key;
  if (e.ctrlKey || e.metaKey) key = `Ctrl+${key.toLowerCase()}`;
  else if (e.altKey) key = `Alt+${key.toLowerCase()}`;
  else if (e.shiftKey && /^[A-Z]$/.test(key)) key = `Shift+${key}`;
  return key;
}
function find(key) {
  return [...document.querySelectorAll('[data-key]')].find((el) => el.dataset.key.split('|').includes(key) && !el.disabled
    && (sn.shown(el) || el.closest('.sn-menu, .sn-views')));
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
  const all = rows();
  if (!all.length) return false;
  const holds = (r) => r === document.activeElement || r.contains(document.activeElement) || r.classList.contains('is-cursor');
  let at = all.findIndex(holds);
  if (at < 0) at = all.findIndex((r) => r.closest('.is-on'));
  const to = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
  const focus = to.matches('a, button') ? to : to.querySelector('a, button');
  focus?.focus(); to.scrollIntoView({ block: 'nearest' });
  return true;
}

function make(tag, attributes = {}, ...inside) {
  const el = document.createElement(tag);
  Object.entries(attributes).forEach(([k, v]) => el.setAttribute(k, v));
  el.append(...inside);
  return el;
}
function caps(key) {
  const parts = key.split('|')[0].split(/(?<!^)\+/);
  return parts.flatMap((part) => [make('kbd', {}, part.length === 1 ? part.toUpperCase() : part.replace('Escape', 'Esc').replace('Arrow', '')), ' ']);
}
const PLACES = [['write', '[data-composer]'], ['case', '#case'], ['list', '#list, [data-rows]'], ['go', '.sn-rail, .sn-views, .sn-head']];
function groupOf(el) {
  const place = PLACES.find(([, where]) => el.closest(where));
  return place ? place[0] : 'page';
}
function help() {
  if (document.querySelector('#sn-keys-help')) return;
  const groups = new Map(Object.keys(sn.words.keysGroups).map((group) => [group, new Map()]));
  const told = new Set();
  const tell = (group, label, key) => { if (!told.has(label)) { told.add(label); groups.get(group).set(label, key); } };
  document.querySelectorAll('[data-key][data-key-label]').forEach((el) => tell(groupOf(el), el.dataset.keyLabel, el.dataset.key));
  (sn.words.keysAlways || []).forEach(([key, label, where, group]) => { if (!where || document.querySelector(where)) tell(group, label, key); });
  const list = make('div', { class: 'sn-keys' });
  groups.forEach((keys, group) => {
    if (!keys.size) return;
    const rows = [...keys].map(([label, key]) => make('div', {}, make('dt', {}, ...caps(key)), make('dd', {}, label)));
    list.append(make('section', {}, make('h3', {}, sn.words.keysGroups[group]), make('dl', {}, ...rows)));
  });
  const box = make('input', { type: 'checkbox', class: 'sn-box' });
  box.checked = !off;
  box.addEventListener('change', () => {
    off = !box.checked;
    try { localStorage.setItem(OFF, off ? '1' : '0'); } catch { /* for this page only */ }
  });
  const head = make('header', {}, make('h2', { tabindex: '-1', autofocus: '' }, sn.words.keysTitle), make('button', { type: 'button', class: 'sn-btn is-s is-quiet', 'data-close': '' }, sn.words.close));
  const inner = make('div', { class: 'sn-dialog-in' }, head, list, make('label', { class: 'sn-check sn-s13' }, box, make('span', {}, sn.words.keysOn)));
  const dialog = make('dialog', { class: 'sn-dialog is-wide', id: 'sn-keys-help', 'data-dialog': '' }, inner);
  document.getElementById('dialogs').append(dialog);
  if (!dialog.open) dialog.showModal();
}
sn.keysHelp = help;
document.addEventListener('click', (e) => { if (e.target.closest('[data-keys-help]')) help(); });

function sendForm(target) {
  const form = target.closest?.('form') || document.querySelector('form[data-main]');
  if (!form) return false;
  const button = [...form.querySelectorAll('button[type=submit]:not([name]), button:not([type])')].filter(sn.shown).pop();
  if (button) button.click(); else form.requestSubmit();
  return true;
}
function search() {
  const field = [...document.querySelectorAll('[data-search]')].find(sn.shown);
  if (field) { field.focus(); field.select?.(); } else document.querySelector('[data-palette]')?.click();
}
document.addEventListener('keydown', (e) => {
  if (e.isComposing || e.keyCode === 229 || e.defaultPrevented) return;
  const key = name(e);
  if ((e.ctrlKey || e.metaKey) && e.key === 'Enter') { if (sendForm(e.target)) e.preventDefault(); return; }
  if (key.startsWith('Ctrl+')) { const el = find(key); if (el) { e.preventDefault(); act(el); } return; }
  if (sn.typing(e.target)) { if (e.key === 'Escape' && !document.querySelector('dialog[open]')) e.target.blur(); return; }
  if (document.querySelector('dialog[open]') || e.altKey) return;
  if (key === '?') { e.preventDefault(); help(); return; }
  if (off && key !== 'Escape') return;
  const joined = pending && Date.now() - pendingAt < 1200 ? `${pending} ${key}` : '';
  const el = (joined && find(joined)) || find(key);
  pending = '';
  if (el) { e.preventDefault(); act(el); return; }
  if ([...document.querySelectorAll('[data-key]')].some((x) => x.dataset.key.startsWith(`${key} `))) { pending = key; pendingAt = Date.now(); return; }
  if (key === '/' || key === 's') { e.preventDefault(); search(); return; }
  if (key === '.') { document.dispatchEvent(new CustomEvent('sn:dot')); return; }
  if ((key === 'j' || key === 'k') && walk(key === 'j' ? 1 : -1)) e.preventDefault();
});

// picking rows for the bulk bar
document.addEventListener('change', (e) => {
  if (!e.target.matches('[data-pick]')) return;
  const list = e.target.closest('[data-picks]');
  if (!list) return;
  const n = list.querySelectorAll('[data-pick]:checked').length;
  list.classList.toggle('is-picking', n > 0);
  const bar = list.querySelector('.sn-bulk');
  if (!bar) return;
  bar.hidden = !n;
  const count = bar.querySelector('[data-picked]');
  if (count) count.textContent = sn.fill(sn.words.selected, { n });
});
document.addEventListener('click', (e) => {
  const none = e.target.closest('[data-pick-none]');
  if (!none) return;
  none.closest('[data-picks]').querySelectorAll('[data-pick]:checked').forEach((c) => { c.checked = false; c.dispatchEvent(new Event('change', { bubbles: true })); });
});
