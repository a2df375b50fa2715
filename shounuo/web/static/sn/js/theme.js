// Light and dark: d or the menu; the server keeps the choice.
const { sn } = globalThis;
const root = document.documentElement;
const dark = () => (root.dataset.bsTheme === 'dark' || (root.dataset.bsTheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches));
sn.toggleTheme = () => {
  const to = dark() ? 'light' : 'dark';
  root.dataset.bsTheme = to;
  document.dispatchEvent(new CustomEvent('sn:theme', { detail: to }));
  if (root.dataset.themeUrl) sn.send(root.dataset.themeUrl, { theme: to }).catch(() => {});
};
document.addEventListener('click', (e) => { if (e.target.closest('[data-theme-toggle]')) sn.toggleTheme(); });
