// Toasts: ten seconds, with undo; htmx answers send {"toast": {"text", "undo", "undoLabel"}} as an HX-Trigger.
const { sn } = globalThis;
const box = () => document.getElementById('toasts');

function live(el) {
  let timer = setTimeout(() => el.remove(), 10000);
  const stay = () => clearTimeout(timer); const go = () => { clearTimeout(timer); timer = setTimeout(() => el.remove(), 4000); };
  el.addEventListener('mouseenter', stay); el.addEventListener('mouseleave', go);
  el.addEventListener('focusin', stay); el.addEventListener('focusout', go);
  el.addEventListener('htmx:afterRequest', () => el.remove());
}
sn.toast = (text, { undo, undoLabel, bad } = {}) => {
  const el = document.createElement('div');
  el.className = `sn-toast${bad ? ' is-bad' : ''}`; el.setAttribute('role', bad ? 'alert' : 'status');
  const label = document.createElement('span'); label.textContent = text; el.append(label);
  if (undo) {
    const b = document.createElement('button'); b.type = 'button'; b.className = 'sn-toast-act'; b.textContent = undoLabel || sn.words.undo;
    b.addEventListener('click', async () => { el.remove(); const r = await sn.send(undo); if (r.ok) location.reload(); });
    el.append(b);
  }
  const x = document.createElement('button'); x.type = 'button'; x.className = 'sn-toast-x'; x.setAttribute('aria-label', sn.words.close); x.textContent = '×';
  x.addEventListener('click', () => el.remove()); el.append(x);
  box()?.append(el);
  while (box() && box().children.length > 3) box().firstChild.remove();
  live(el);
  return el;
};
sn.each('[data-toast]', live);
document.addEventListener('click', (e) => e.target.closest('[data-dismiss]')?.closest('.sn-toast')?.remove());
document.body.addEventListener('toast', (e) => sn.toast(e.detail.text ?? e.detail.value, { undo: e.detail.undo, undoLabel: e.detail.undoLabel }));
document.addEventListener('htmx:sendError', () => sn.toast(sn.words.offline, { bad: true }));
document.addEventListener('htmx:responseError', (e) => {
  const r = e.detail.xhr;
  let text = sn.words.failed;
  if ((r.getResponseHeader('content-type') || '').includes('json')) { try { text = JSON.parse(r.responseText).detail || text; } catch { /* keep ours */ } }
  sn.toast(text, { bad: true });
});
// a form sent back with its errors (422) or a conflict (409) is shown, not thrown away
document.addEventListener('htmx:beforeSwap', (e) => {
  const s = e.detail.xhr.status;
  if ((s === 422 || s === 409) && !(e.detail.xhr.getResponseHeader('content-type') || '').includes('json')) { e.detail.shouldSwap = true; e.detail.isError = false; }
});
