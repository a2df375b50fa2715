// Customer pages: what was sent leaves no draft behind, a reload does not say it again, a refused form opens at what is
// wrong. Runs before drafts.js.
document.querySelectorAll('[data-draft-done]').forEach((el) => {
  const key = el.dataset.draftDone;
  try { if (key) localStorage.removeItem(`sn-draft:${key}`); } catch { /* forbidden: nothing is kept there either */ }
});
if (new URLSearchParams(location.search).has('sent')) history.replaceState(null, '', location.pathname + location.hash);
document.querySelector('[aria-invalid="true"]')?.focus();
