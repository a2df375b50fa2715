// Who else has this case open: [data-seen-url] tells the server every 12 s while the page is looked at, and shows the others.
const { sn } = globalThis;
let timer = 0;
async function tell() {
  const el = document.querySelector('[data-seen-url]');
  if (!el || document.hidden) return;
  const area = el.querySelector('textarea');
  const writing = area && area.value.trim() && document.activeElement === area ? '1' : '';
  try {
    const r = await sn.send(el.dataset.seenUrl, { writing });
    if (!r.ok) return;
    const { people } = await r.json();
    const box = el.querySelector('[data-seen-people]'); if (!box) return;
    box.hidden = !people.length;
    const text = box.querySelector('[data-seen-text]');
    box.querySelectorAll('.sn-av').forEach((x) => x.remove());
    people.forEach((p) => {
      const a = document.createElement('span'); a.className = 'sn-av'; a.title = p.name; a.textContent = p.name.slice(0, 1); box.insertBefore(a, text);
    });
    const busy = people.filter((p) => p.writing);
    if (text) text.textContent = busy.length ? sn.fill(sn.words.writing, { name: busy[0].name }) : sn.words.looking;
  } catch { /* the next round tells */ }
}
function start() { clearInterval(timer); timer = setInterval(tell, 12000); tell(); }
sn.each('[data-seen-url]', start);
document.addEventListener('visibilitychange', () => { if (!document.hidden) tell(); });
