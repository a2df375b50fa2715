// Menus ([data-menu="#id"]), panes that open and close ([data-toggle="#id"]), emptied slots ([data-empties]), copying.
const { sn } = globalThis;
let open = null; let opener = null;

function place(menu, by) {
  if (!menu.classList.contains('is-fixed') || (menu.classList.contains('is-sheet') && innerWidth < 640)) return;
  const r = by.getBoundingClientRect(); const m = menu.getBoundingClientRect();
  const beside = r.left < 80 && innerWidth >= 640;
  menu.setAttribute('data-side', beside ? 'right' : 'below');
  const top = beside ? Math.max(8, Math.min(r.bottom - m.height, innerHeight - m.height - 8)) : Math.min(r.bottom + 4, innerHeight - m.height - 8);
  const leftAt = beside ? r.right + 8 : Math.max(8, Math.min(r.right - m.width, innerWidth - m.width - 8));
  menu.style.setProperty('top', `${top}px`); menu.style.setProperty('left', `${leftAt}px`); menu.style.setProperty('right', 'auto');
}
function close(focus) {
  if (!open) return;
  open.hidden = true; opener?.setAttribute('aria-expanded', 'false');
  if (focus) opener?.focus();
  open = opener = null;
}
document.addEventListener('click', (e) => {
  const by = e.target.closest('[data-menu]');
  if (by) {
    const menu = document.querySelector(by.dataset.menu);
    const again = open === menu && opener === by;
    close();
    if (menu && !again) { menu.hidden = false; open = menu; opener = by; by.setAttribute('aria-expanded', 'true'); place(menu, by); menu.querySelector('a, button, label')?.focus({ preventScroll: true }); }
    return;
  }
  if (open && (!open.contains(e.target) || e.target.closest('a, button'))) close();
  const toggle = e.target.closest('[data-toggle]');
  if (toggle) {
    const pane = document.querySelector(toggle.dataset.toggle);
    if (pane) {
      const now = pane.classList.toggle('is-open');
      document.querySelectorAll(`[data-toggle="${toggle.dataset.toggle}"]`).forEach((t) => t.setAttribute('aria-expanded', String(now)));
      if (now && pane.matches('[data-drawer]')) pane.querySelector('a, button')?.focus({ preventScroll: true });
    }
    return;
  }
  const drawer = document.querySelector('[data-drawer].is-open');
  if (drawer && !drawer.contains(e.target)) drawer.classList.remove('is-open');
  const empties = e.target.closest('[data-empties]');
  if (empties) document.querySelector(empties.dataset.empties)?.replaceChildren();
  const paper = e.target.closest('[data-print]');
  if (paper) { e.preventDefault(); print(); }
  const copy = e.target.closest('[data-copy]');
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => sn.toast?.(copy.dataset.copied || copy.dataset.copy));
});
document.addEventListener('keydown', (e) => {
  if (e.isComposing) return;
  if (e.key === 'Escape') {
    if (open) { close(true); e.preventDefault(); return; }
    const slot = document.querySelector('#ledger:not(:empty)');
    const drawer = document.querySelector('[data-drawer].is-open');
    if (slot && !document.querySelector('dialog[open]') && !sn.typing(document.activeElement)) slot.replaceChildren();
    else if (drawer) drawer.classList.remove('is-open');
    return;
  }
  if (open && /^Arrow(Up|Down)$/.test(e.key)) {
    const items = [...open.querySelectorAll('a, button, label')].filter(sn.shown);
    const at = items.indexOf(document.activeElement);
    items[(at + (e.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length]?.focus();
    e.preventDefault();
  }
});
addEventListener('resize', () => close());
// a button that says what it chooses: 就选“换 3 吨新料”
document.addEventListener('change', (e) => {
  if (!e.target.dataset?.verb) return;
  const button = e.target.form?.querySelector('[data-verb-text]');
  if (button) button.textContent = button.dataset.verbText.replace('{what}', e.target.dataset.verb);
});
