// What the other modules share. They do not import one another: with hashed file names an import would miss its file.
const tag = document.getElementById('sn-words');
const words = tag ? JSON.parse(tag.textContent) : {};

const sn = {
  words,
  fill: (text, values) => (text || '').replace(/\{(\w+)\}/g, (_, k) => (k in values ? values[k] : `{${k}}`)),
  csrf: () => {
    const given = document.body.getAttribute('hx-headers');
    try { return given ? JSON.parse(given)['X-CSRFToken'] || '' : ''; } catch { return ''; }
  },
  send: (url, data, options = {}) => fetch(url, {
    method: 'POST', credentials: 'same-origin', body: data instanceof FormData ? data : new URLSearchParams(data || {}),
    headers: { 'X-CSRFToken': sn.csrf(), 'X-Requested-With': 'fetch' }, ...options,
  }),
  typing: (el) => !!el && (el.isContentEditable || /^(TEXTAREA|SELECT)$/.test(el.tagName)
    || (el.tagName === 'INPUT' && !/^(button|submit|reset|checkbox|radio|range|color|file|image)$/.test(el.type))),
  shown: (el) => !!(el.offsetParent || el.getClientRects().length),
  hm: (date = new Date()) => `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`,
  // one polite region; a page speaks at most once in five seconds
  say: (() => {
    let last = 0; let timer = 0; let next = '';
    const speak = () => { const box = document.getElementById('live'); if (box) box.textContent = next; last = Date.now(); timer = 0; };
    return (text) => { next = text; if (!timer) timer = setTimeout(speak, Math.max(0, 5000 - (Date.now() - last))); };
  })(),
  // runs now and for what htmx brings in later
  each: (selector, run) => {
    const seen = new WeakSet();
    const sweep = (root) => {
      const found = root.matches && root.matches(selector) ? [root, ...root.querySelectorAll(selector)] : root.querySelectorAll(selector);
      found.forEach((el) => { if (!seen.has(el)) { seen.add(el); run(el); } });
    };
    sweep(document);
    document.addEventListener('htmx:load', (e) => sweep(e.target));
  },
};
globalThis.sn = sn;
