// Deciding on proposed rules. The card that has the focus is the current one: its evidence is lit in the wording, and the keys
// (y accept, e edit, n reject, u take up again) are its own. After a decision the next open card is current.
const { sn } = globalThis;
const board = document.querySelector('[data-review]');

const cards = () => [...board.querySelectorAll('[data-proposal]')];
const isOpen = (card) => card.dataset.state === 'proposed';

function light(id) {
  board.querySelectorAll('mark[data-for]').forEach((m) => m.classList.toggle('is-on', !!id && m.dataset.for.split(' ').includes(id)));
}
function choose(card) {
  cards().forEach((c) => {
    const is = c === card;
    c.classList.toggle('is-current', is);
    c.querySelectorAll('[data-act]').forEach((el) => {
      if (is) { el.dataset.key = el.dataset.act; el.dataset.keyLabel = el.dataset.actLabel; } else { delete el.dataset.key; delete el.dataset.keyLabel; }
    });
  });
  light(card?.dataset.proposal);
}
function enter(card) {
  choose(card);
  (card.querySelector('[data-act]') || card).focus({ preventScroll: true });
  card.scrollIntoView({ block: 'nearest' });
}
function onward(from) {
  const all = cards();
  const at = all.indexOf(from);
  return all.slice(at + 1).find(isOpen) || all.slice(0, at).find(isOpen);
}

if (board) {
  board.addEventListener('focusin', (e) => { const card = e.target.closest('[data-proposal]'); if (card) choose(card); });
  board.addEventListener('mouseover', (e) => { const card = e.target.closest('[data-proposal]'); if (card) light(card.dataset.proposal); });
  board.addEventListener('mouseout', (e) => { if (e.target.closest('[data-proposal]')) light(board.querySelector('.is-current')?.dataset.proposal); });
  board.addEventListener('click', (e) => {
    const mark = e.target.closest('mark[data-for]');
    if (!mark) return;
    const ids = mark.dataset.for.split(' ');
    const card = cards().find((c) => ids.includes(c.dataset.proposal) && isOpen(c)) || cards().find((c) => ids.includes(c.dataset.proposal));
    if (card) enter(card);
  });
  // what htmx put in place of a card: on to the next open one after a decision
  document.addEventListener('htmx:afterSettle', (e) => {
    const card = e.target.closest?.('[data-proposal]') || (e.target.id && document.getElementById(e.target.id)?.closest('[data-proposal]'));
    if (!card || !board.contains(card)) return;
    const said = card.querySelector('[role=alert]');
    const next = isOpen(card) || said ? card : onward(card) || card;
    enter(next);
    if (said) sn.say(said.textContent.trim());
  });
  const named = location.hash && cards().find((c) => `#${c.id}` === location.hash);
  const first = named || cards().find(isOpen);
  if (first) choose(first);
  if (named) enter(named);
}
