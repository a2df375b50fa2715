// Noting a call: Enter picks the customer or goes to the next field, arrows choose, Alt and a digit set the kind anywhere.
const { sn } = globalThis;
const items = () => [...document.querySelectorAll('#match li')];
const mark = (li) => items().forEach((x) => { if (x === li) { x.setAttribute('aria-selected', 'true'); x.scrollIntoView({ block: 'nearest' }); } else x.removeAttribute('aria-selected'); });
const after = (field) => {
  const all = [...field.form.elements].filter((f) => !f.disabled && !f.readOnly && f.tabIndex >= 0 && f.type !== 'hidden' && sn.shown(f));
  return all[all.indexOf(field) + 1];
};
document.addEventListener('keydown', (e) => {
  if (e.isComposing || e.keyCode === 229) return;
  const field = e.target;
  if (e.altKey && /^[1-6]$/.test(e.key)) { const kind = document.querySelector(`[name=kind][data-key="${e.key}"]`); if (kind) { e.preventDefault(); kind.click(); } return; }
  if (!(field instanceof HTMLElement) || field.form?.id !== 'phone-form' || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  const list = field.name === 'phone' ? items() : []; const at = list.findIndex((li) => li.getAttribute('aria-selected') === 'true');
  if (list.length && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) { e.preventDefault(); mark(list[Math.max(0, Math.min(list.length - 1, at + (e.key === 'ArrowDown' ? 1 : -1)))]); return; }
  if (list.length && e.key === 'Escape') { document.getElementById('match').replaceChildren(); return; }
  if (e.key !== 'Enter' || field.tagName === 'TEXTAREA' || field.tagName === 'BUTTON' || field.tagName === 'A') return;
  e.preventDefault();
  if (at >= 0) list[at].querySelector('input').click(); else after(field)?.focus();
}, true);
// after a customer is picked the kind is next; after the kind, the one sentence
document.addEventListener('sn:picked', () => { const kind = document.querySelector('[name=kind]:checked') || document.querySelector('[name=kind]'); if (kind && !document.querySelector('[name=title]')?.value) kind.focus(); });
document.addEventListener('change', (e) => { if (e.target.name === 'kind') { const title = document.querySelector('#phone-form [name=title]'); if (title && !title.value) title.focus(); } });
// a sentence that is being edited is not replaced under the hand
document.addEventListener('htmx:oobBeforeSwap', (e) => { if (e.detail.target?.contains?.(document.activeElement) && sn.typing(document.activeElement)) e.detail.shouldSwap = false; });
// a refused form comes back at its first wrong field; what is wrong with a choice is said behind it
document.addEventListener('htmx:afterSettle', (e) => {
  if (e.detail.target?.id !== 'phone-form' && e.target.id !== 'phone-form') return;
  const wrong = document.querySelector('#phone-form [aria-invalid="true"], #phone-form .sn-err');
  const field = wrong?.matches('.sn-err') ? wrong.previousElementSibling?.querySelector('input') : wrong;
  field?.focus({ preventScroll: true });
  wrong?.scrollIntoView({ block: 'center' });
});
// what was sent or given up leaves no draft: the page saves nothing more once it is led away
document.addEventListener('htmx:beforeOnLoad', (e) => {
  if (!e.detail.xhr.getResponseHeader('HX-Redirect')) return;
  const key = `sn-draft:${document.getElementById('phone-form')?.dataset.draftKey}`;
  addEventListener('pagehide', (x) => { x.stopImmediatePropagation(); try { localStorage.removeItem(key); } catch { /* forbidden: nothing is kept there either */ } }, { capture: true });
});
