// Ctrl+K: commands of the page first (pinyin initials come from the server), then what the search finds.
const { sn } = globalThis;
const box = document.getElementById('palette');
if (box) {
  const input = box.querySelector('input'); const commands = box.querySelector('[data-commands]'); const found = box.querySelector('[data-found]');
  const nothing = box.querySelector('[data-nothing]');
  const raw = document.getElementById('sn-commands');
  const base = (raw && JSON.parse(raw.textContent)) || [];
  let run = 0; let named = 0; let timer = 0;
  const items = () => [...box.querySelectorAll('[role=option]')].filter(sn.shown);
  const mark = (li) => { items().forEach((x) => x.setAttribute('aria-selected', String(x === li))); if (li) { input.setAttribute('aria-activedescendant', li.id ||= `o${++named}`); li.scrollIntoView({ block: 'nearest' }); } };
  function page() { // commands of elements on the page: data-command="转派"
    return [...document.querySelectorAll('[data-command]')].filter(sn.shown).map((el) => ({ label: el.dataset.command, keys: el.dataset.commandKeys || '', el, key: el.dataset.key, icon: el.dataset.commandIcon }));
  }
  function glyph(c) { // the element's own icon, else the one named, from the sprite that the page uses
    const own = c.el?.querySelector('svg.sn-i');
    const svg = (own || box.querySelector('svg.sn-i')).cloneNode(true);
    svg.setAttribute('class', 'sn-i');
    const use = svg.querySelector('use');
    if (!own && use) use.setAttribute('href', use.getAttribute('href').replace(/#.*/, `#${c.icon || 'chevron-right'}`));
    return svg;
  }
  function list(q) {
    const t = q.trim().toLowerCase();
    const all = [...page(), ...base].filter((c) => !t || c.label.toLowerCase().includes(t) || (c.keys || '').toLowerCase().split(' ').some((k) => k.startsWith(t)));
    const ul = commands.querySelector('ul'); ul.replaceChildren();
    all.slice(0, t ? 6 : 9).forEach((c) => {
      const li = document.createElement('li'); li.setAttribute('role', 'option'); li.append(glyph(c));
      const span = document.createElement('span'); span.className = 'sn-grow'; span.textContent = c.label; li.append(span);
      if (c.note) { const n = document.createElement('span'); n.className = 'sn-c3 sn-s12'; n.textContent = c.note; li.append(n); }
      if (c.key) { const k = document.createElement('kbd'); k.className = 'is-key'; k.textContent = c.key.split('|')[0].toUpperCase(); li.append(k); }
      li.addEventListener('click', () => { box.close(); if (c.el) c.el.click(); else location.assign(c.url); });
      ul.append(li);
    });
    commands.hidden = !all.length;
    mark(items()[0]);
  }
  async function search(q) {
    if (!q.trim() || !box.dataset.searchUrl) { found.replaceChildren(); nothing.hidden = true; return; }
    const mine = ++run; box.setAttribute('aria-busy', 'true');
    try {
      const url = new URL(box.dataset.searchUrl, location.href); url.searchParams.set('q', q);
      const open = document.querySelector('#case[data-number]');
      if (open) url.searchParams.set('number', open.dataset.number);
      const r = await fetch(url, { headers: { 'HX-Request': 'true' }, credentials: 'same-origin' });
      if (!r.ok || mine !== run) return;
      found.innerHTML = await r.text(); // our own server's template
      mark(items()[0]);
      nothing.hidden = items().length > 0;
    } catch { nothing.hidden = items().length > 0; } finally { box.removeAttribute('aria-busy'); }
  }
  const openIt = () => { if (box.open) return; input.value = ''; found.replaceChildren(); nothing.hidden = true; box.showModal(); list(''); input.focus(); };
  document.addEventListener('click', (e) => {
    if (e.target.closest('[data-palette]')) openIt();
    else if (e.target === box) box.close();
  });
  found.addEventListener('click', (e) => {
    const li = e.target.closest('[data-url], [data-dialog-url]');
    if (!li) return;
    if (li.dataset.url) { location.assign(li.dataset.url); return; }
    box.close();
    globalThis.htmx.ajax('GET', li.dataset.dialogUrl, { target: '#dialogs', swap: 'innerHTML' });
  });
  input.addEventListener('input', () => { list(input.value); clearTimeout(timer); timer = setTimeout(() => search(input.value), 160); });
  input.addEventListener('keydown', (e) => {
    if (e.isComposing || e.keyCode === 229) return;
    const all = items(); const at = all.findIndex((x) => x.getAttribute('aria-selected') === 'true');
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); mark(all[(at + (e.key === 'ArrowDown' ? 1 : all.length - 1)) % all.length]); }
    if (e.key === 'Enter') { e.preventDefault(); all[Math.max(0, at)]?.click(); }
  });
}
