// Dialogs: what lands in #dialogs opens as a modal; [data-close] closes; a served error stays in its form.
const { sn } = globalThis;

function open(el) {
  if (!el.open) el.showModal();
  if (el.querySelector('h2[autofocus]')) return;
  const first = el.querySelector('[autofocus], [aria-invalid="true"], input:not([type=hidden]), textarea, select, .sn-btn.is-primary');
  if (first) first.focus();
}
sn.each('dialog[data-dialog]', open);
document.addEventListener('click', (e) => {
  const closer = e.target.closest('[data-close]');
  if (closer) { e.preventDefault(); closer.closest('dialog')?.close(); return; }
  const opener = e.target.closest('[data-open-dialog]');
  if (opener) { const target = document.querySelector(opener.dataset.openDialog); if (target) { e.preventDefault(); open(target); } return; }
  if (e.target.matches('dialog[data-dialog]')) { // the veil
    const r = e.target.getBoundingClientRect();
    if (e.clientX < r.left || e.clientX > r.right || e.clientY < r.top || e.clientY > r.bottom) {
      if (![...e.target.querySelectorAll('textarea, input[type=text]')].some((f) => f.value !== f.defaultValue)) e.target.close();
    }
  }
});
document.addEventListener('close', (e) => { if (e.target.closest?.('#dialogs')) e.target.remove(); }, true);
document.addEventListener('sn:done', () => document.querySelectorAll('#dialogs dialog[open]').forEach((d) => d.close()));
// hx-confirm in our own words, and the work that was typed is never lost silently
document.addEventListener('htmx:confirm', (e) => {
  if (!e.detail.question) return;
  const source = document.getElementById('sn-confirm');
  if (!source) return;
  e.preventDefault();
  source.querySelector('[data-question]').textContent = e.detail.question;
  source.querySelector('[data-yes]').textContent = e.detail.elt.dataset.confirmVerb || e.detail.elt.textContent.trim();
  source.querySelector('[data-yes]').onclick = () => { source.close(); e.detail.issueRequest(true); };
  source.showModal();
});
