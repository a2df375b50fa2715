// A case opens at its newest message. The composer: reply or note, one line on a phone until it is wanted, grows with its text.
const { sn } = globalThis;
sn.each('[data-case-scroll]', (pane) => { if (!location.hash) pane.scrollTop = pane.scrollHeight; });
sn.each('[data-composer]', (form) => {
  const area = form.querySelector('textarea'); const mode = form.querySelector('[name=mode]');
  const grow = () => { area.style.setProperty('height', 'auto'); area.style.setProperty('height', `${Math.min(area.scrollHeight, innerHeight * 0.4)}px`); };
  const wake = () => { form.classList.add('is-open'); grow(); };
  form.querySelectorAll('[data-mode]').forEach((b) => b.addEventListener('click', () => {
    mode.value = b.dataset.mode;
    form.classList.toggle('is-note', b.dataset.mode === 'note');
    form.querySelectorAll('[data-mode]').forEach((x) => { x.classList.toggle('is-on', x === b); x.setAttribute('aria-pressed', String(x === b)); });
    wake(); area.focus(); area.setSelectionRange(area.value.length, area.value.length);
  }));
  area.addEventListener('focus', wake); area.addEventListener('input', grow);
  document.addEventListener('pointerdown', (e) => { if (!form.contains(e.target) && !area.value.trim() && !e.target.closest('dialog')) { form.classList.remove('is-open'); area.style.removeProperty('height'); } });
  if (area.value.trim()) { grow(); if (innerWidth >= 640) form.classList.add('is-open'); }
});
