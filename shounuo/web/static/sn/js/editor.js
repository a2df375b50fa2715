// The form of a rule: a button or choice that changes the form itself has it drawn anew by the server with all that was typed;
// whatever is typed is said in words beside it.
/* global htmx */
const { sn } = globalThis;
const form = () => document.getElementById('rule-form');
let timer = 0;

function draw(name, value) {
  htmx.ajax('POST', form().action, { target: '#rule-form', swap: 'outerHTML', source: form(), values: { [name]: value } });
}
function say(delay) {
  clearTimeout(timer);
  timer = setTimeout(() => { if (document.getElementById('say')) htmx.trigger(document.body, 'said'); }, delay);
}

document.addEventListener('click', (e) => {
  const button = e.target.closest('#rule-form button[data-redraws]');
  if (!button) return;
  e.preventDefault();
  draw(button.name, button.value);
});
document.addEventListener('change', (e) => {
  if (!e.target.closest('#rule-form')) return;
  if (e.target.matches('select[data-redraws]')) draw('_draw', '1');
  say(250);
});
document.addEventListener('input', (e) => { if (e.target.closest('#rule-form') && !e.isComposing) say(600); });
document.addEventListener('htmx:afterSettle', (e) => { if (e.target.id === 'rule-form') say(50); });
// what was chosen before this script ran, or put back by the browser, is drawn and said as well
function changed(x) {
  if (x.matches('select')) {
    const first = [...x.options].findIndex((o) => o.defaultSelected);
    return x.selectedIndex !== Math.max(first, 0);
  }
  return x.matches('[type="checkbox"], [type="radio"]') ? x.checked !== x.defaultChecked : x.value !== x.defaultValue;
}
const early = [...(form()?.elements ?? [])].filter((x) => x.matches('select:not([multiple]), input, textarea') && changed(x));
if (early.some((x) => x.matches('[data-redraws]'))) draw('_draw', '1');
if (early.length) say(250);
// the first wrong field is where one goes on
const wrong = form()?.querySelector('[aria-invalid="true"], .sn-field:has(> .sn-err) :is(select, input:not([type="hidden"]))');
if (wrong) { wrong.closest('details')?.setAttribute('open', ''); wrong.focus(); sn.say(wrong.closest('.sn-field')?.querySelector('.sn-err')?.textContent.trim() || ''); }
