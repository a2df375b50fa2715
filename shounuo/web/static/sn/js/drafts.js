// Drafts: [data-draft-url] on a form saves its [data-draft] fields (all named fields if none is marked) after a pause,
// to the server and to this browser when it cannot be reached; typed text comes back after a failure or a closed tab.
const { sn } = globalThis;
const words = sn.words;

sn.each('form[data-draft-url], form[data-draft-key]', (form) => {
  const url = form.dataset.draftUrl; const key = `sn-draft:${form.dataset.draftKey || url}`;
  const label = form.querySelector('[data-draft-state]') || document.querySelector('[data-draft-state]');
  let timer = 0; let sent = false; let dirty = false;
  const fields = () => { const marked = [...form.querySelectorAll('[data-draft]')]; return marked.length ? marked : [...form.elements].filter((f) => f.name && !/^(hidden|password|file|submit|button)$/.test(f.type)); };
  const value = (f) => (f.type === 'checkbox' || f.type === 'radio' ? (f.checked ? f.value : null) : f.value);
  const read = () => fields().map((f) => [f.name, value(f)]).filter(([, v]) => v !== null);
  const tell = (text, bad) => { if (label) { label.textContent = sn.fill(text, { time: sn.hm() }); label.classList.toggle('is-bad', !!bad); } };
  const keep = () => { try { localStorage.setItem(key, JSON.stringify(read())); } catch { /* full or forbidden */ } };
  const drop = () => { try { localStorage.removeItem(key); } catch { /* nothing kept */ } };
  async function save() {
    timer = 0; if (!dirty || sent) return; dirty = false; keep();
    if (!url) { tell(words.draftSaved); return; }
    const data = new FormData(); read().forEach(([n, v]) => data.append(n, v));
    const mode = form.querySelector('[name=mode]'); if (mode) data.set('mode', mode.value);
    try {
      const r = await sn.send(url, data, { keepalive: true });
      if (!r.ok) throw new Error(String(r.status));
      drop(); tell(words.draftSaved);
    } catch { tell(words.draftLocal, true); }
  }
  function restore() {
    let kept = null; try { kept = JSON.parse(localStorage.getItem(key) || 'null'); } catch { /* broken */ }
    if (!kept || fields().some((f) => value(f) && f.defaultValue && f.value !== '' && f.tagName === 'TEXTAREA')) return;
    let brought = false;
    kept.forEach(([n, v]) => fields().filter((f) => f.name === n).forEach((f) => {
      if (f.type === 'checkbox' || f.type === 'radio') { if (f.value === v && !f.checked) { f.checked = true; brought = true; } } else if (!f.value && v) { f.value = v; brought = true; f.dispatchEvent(new Event('input', { bubbles: true })); }
    }));
    if (brought) tell(words.draftRestored);
  }
  restore();
  const changed = (e) => { if (e.isTrusted === false && !dirty) return; sent = false; dirty = true; clearTimeout(timer); timer = setTimeout(save, 1500); };
  form.addEventListener('input', changed); form.addEventListener('change', changed);
  form.addEventListener('submit', () => { keep(); clearTimeout(timer); sent = true; });
  // htmx calls an answer successful only when it swaps: one that leads on (HX-Redirect) is known by its status.
  const taken = ({ successful, xhr }) => successful ?? (xhr.status >= 200 && xhr.status < 300);
  form.addEventListener('htmx:afterRequest', (e) => { if (e.target !== form) return; if (taken(e.detail)) drop(); else { sent = false; dirty = true; keep(); tell(words.draftLocal, true); } });
  addEventListener('pagehide', () => { if (dirty && !sent) { keep(); save(); } });
});
