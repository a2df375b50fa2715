// Counts clocks down: once a minute, by the second only where data-exact asks for it. Breaches are said at once.
const { sn } = globalThis;
const w = sn.words;
const said = new Map();

function plural(n, one, many) { return sn.fill(n === 1 ? one : many, { n }); }

function span(seconds, exact, day) {
  const t = Math.floor(Math.abs(seconds));
  if (t < 60) return exact ? sn.fill(w.seconds, { n: t }) : w.underMinute;
  if (t < 3600) return exact && t % 60 ? sn.fill(w.minutesSeconds, { m: Math.floor(t / 60), s: t % 60 }) : sn.fill(w.minutes, { n: Math.floor(t / 60) });
  const unit = day && day < 86400 ? day : 86400;
  if ((unit === 86400 && t >= 86400) || (unit < 86400 && t >= 3 * unit)) {
    const n = Math.floor(t / unit); const h = Math.floor((t % unit) / 3600);
    const days = unit < 86400 ? plural(n, w.workday, w.workdays) : plural(n, w.day, w.days);
    return h ? sn.fill(w.daysHours, { days, n: h }) : days;
  }
  const h = Math.floor(t / 3600); const m = Math.floor((t % 3600) / 60);
  return m ? sn.fill(w.hoursMinutes, { h, m }) : sn.fill(w.hours, { n: h });
}

// counted seconds between now and due: all of them, or what lies inside the working intervals
function left(el, now) {
  const due = +el.dataset.due;
  if (now >= due || !el.dataset.segments) return due - now;
  return el.dataset.segments.split(',').reduce((sum, pair) => {
    const [a, b] = pair.split('-').map(Number);
    return sum + Math.max(0, Math.min(b, due) - Math.max(a, now));
  }, 0);
}

function step(el) {
  if (!el.dataset.due) return;
  const now = Date.now() / 1000; const rest = left(el, now); const d = el.dataset;
  const state = now >= +d.due ? 'breach' : d.warn && now >= +d.warn ? 'warn' : 'run';
  const before = ['run', 'warn', 'breach'].find((s) => el.classList.contains(`is-${s}`));
  const brief = Math.abs(rest) < 60 && !d.exact;
  const text = brief ? (state === 'breach' ? w.justOver : w.leftUnderMinute) : sn.fill(state === 'breach' ? w.over : w.left, { span: span(rest, !!d.exact, +d.day || 0) });
  const label = el.querySelector('.sn-clock-t');
  if (label && label.textContent !== text) label.textContent = text;
  if (d.total) {
    const fg = el.querySelector('.sn-ring-fg');
    if (fg) fg.setAttribute('stroke-dasharray', `${Math.max(0, Math.min(100, Math.round((rest / +d.total) * 100)))} 100`);
  }
  if (before && before !== state) {
    el.classList.replace(`is-${before}`, `is-${state}`);
    const block = el.closest('.sn-ck');
    if (block) block.classList.replace(`is-${before}`, `is-${state}`) || block.classList.add(`is-${state}`);
    const key = d.id || text;
    if (said.get(key) !== state) {
      said.set(key, state);
      const row = el.closest('[data-name], .sn-item, tr, .sn-ck');
      const name = (row && (row.dataset.name || row.querySelector('.sn-item-2, .is-sub .sn-cut, .sn-ck-name')?.textContent.trim())) || '';
      sn.say(sn.fill(state === 'breach' ? w.nowBreach : w.nowWarn, { name, text }));
    }
    el.dispatchEvent(new CustomEvent('sn:clock', { bubbles: true, detail: { state, id: d.id } }));
  }
}

const all = () => document.querySelectorAll('[data-clock]').forEach(step);
const exact = () => document.querySelectorAll('[data-clock][data-exact]').forEach(step);
all();
setTimeout(() => { all(); setInterval(all, 60000); }, 60000 - (Date.now() % 60000));
setInterval(exact, 1000);
document.addEventListener('htmx:load', (e) => e.target.querySelectorAll?.('[data-clock]').forEach(step));
document.addEventListener('visibilitychange', () => { if (!document.hidden) all(); });

// how long a call has lasted: data-since holds its start in seconds
const calls = () => document.querySelectorAll('[data-since]').forEach((el) => {
  const t = Math.max(0, Math.floor(Date.now() / 1000 - +el.dataset.since));
  el.textContent = sn.fill(el.dataset.text || '{time}', { time: `${String(Math.floor(t / 60)).padStart(2, '0')}:${String(t % 60).padStart(2, '0')}` });
});
if (document.querySelector('[data-since]')) { calls(); setInterval(calls, 1000); }
