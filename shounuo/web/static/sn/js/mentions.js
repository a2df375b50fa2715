// Pickers in editors: @@ colleagues, :: canned texts, ?? articles. The form names the addresses (data-mentions-url,
// data-texts-url, data-knowledge-url); the server answers <li role=option data-value=...>.
const { sn } = globalThis;
const MARKS = { '@@': 'mentionsUrl', '::': 'textsUrl', '??': 'knowledgeUrl', '＠＠': 'mentionsUrl', '：：': 'textsUrl', '？？': 'knowledgeUrl' };

// where the caret stands: a mirror of the textarea's text
function caret(area) {
  const style = getComputedStyle(area); const mirror = document.createElement('div');
  ['boxSizing', 'width', 'paddingTop', 'paddingRight', 'paddingBottom', 'paddingLeft', 'borderTopWidth', 'borderLeftWidth', 'fontFamily', 'fontSize', 'fontWeight', 'lineHeight', 'letterSpacing', 'overflowWrap', 'lineBreak'].forEach((p) => mirror.style.setProperty(p.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`), style[p]));
  mirror.style.setProperty('position', 'absolute'); mirror.style.setProperty('visibility', 'hidden'); mirror.style.setProperty('white-space', 'pre-wrap'); mirror.style.setProperty('top', '0'); mirror.style.setProperty('left', '0');
  mirror.textContent = area.value.slice(0, area.selectionStart);
  const dot = document.createElement('span'); dot.textContent = '.'; mirror.append(dot); document.body.append(mirror);
  const at = { x: dot.offsetLeft, y: dot.offsetTop - area.scrollTop }; mirror.remove();
  return at;
}
sn.each('form[data-mentions-url] textarea, form[data-texts-url] textarea', (area) => {
  const form = area.form; let list = null; let from = -1; let which = ''; let run = 0;
  const options = () => (list ? [...list.querySelectorAll('[role=option]:not([aria-disabled])')] : []);
  const mark = (li) => options().forEach((x) => x.setAttribute('aria-selected', String(x === li)));
  function shut() { list?.remove(); list = null; from = -1; area.removeAttribute('aria-expanded'); }
  function take(li) {
    if (!li) return;
    const text = li.dataset.value; const end = area.selectionStart;
    area.setRangeText(text, from, end, 'end');
    shut(); area.focus(); area.dispatchEvent(new Event('input', { bubbles: true }));
  }
  async function show(q) {
    const url = form.dataset[MARKS[which]]; if (!url) { shut(); return; }
    if (!list) {
      list = document.createElement('ul'); list.className = 'sn-picker'; list.setAttribute('role', 'listbox');
      const host = area.closest('.sn-composer, .sn-dialog-in') || form; host.append(list);
      const c = caret(area); const a = area.getBoundingClientRect(); const h = host.getBoundingClientRect();
      list.style.setProperty('left', `${Math.max(8, Math.min(a.left - h.left + c.x, h.width - 260))}px`);
      list.style.setProperty('bottom', `${h.bottom - a.top - c.y + 6}px`);
      list.addEventListener('mousedown', (e) => { e.preventDefault(); take(e.target.closest('[role=option]')); });
      area.setAttribute('aria-expanded', 'true');
    }
    const mine = ++run; const to = new URL(url, location.href); to.searchParams.set('q', q);
    try {
      const r = await fetch(to, { credentials: 'same-origin', headers: { 'HX-Request': 'true' } });
      if (!r.ok || mine !== run || !list) return;
      list.innerHTML = await r.text(); mark(options()[0]); // our own server's template
    } catch { shut(); }
  }
  function look() {
    const before = area.value.slice(Math.max(0, area.selectionStart - 40), area.selectionStart);
    const m = before.match(/(@@|::|\?\?|＠＠|：：|？？)([^\s@:?＠：？]{0,20})$/);
    if (!m) { shut(); return; }
    which = m[1]; from = area.selectionStart - m[0].length; show(m[2]);
  }
  area.addEventListener('input', (e) => { if (!e.isComposing) look(); });
  area.addEventListener('compositionend', look);
  area.addEventListener('blur', () => setTimeout(shut, 150));
  area.addEventListener('keydown', (e) => {
    if (!list || e.isComposing) return;
    const all = options(); const at = all.findIndex((x) => x.getAttribute('aria-selected') === 'true');
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { mark(all[(at + (e.key === 'ArrowDown' ? 1 : all.length - 1)) % all.length]); e.preventDefault(); } else if ((e.key === 'Enter' && !e.ctrlKey) || e.key === 'Tab') { e.preventDefault(); take(all[Math.max(0, at)]); } else if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); shut(); }
  });
  form.addEventListener('click', (e) => {
    const b = e.target.closest('[data-insert]'); if (!b) return;
    area.focus(); area.setRangeText(b.dataset.insert, area.selectionStart, area.selectionEnd, 'end'); look();
  });
});
