// Runs before the first paint, so that the page never flashes in the other theme.
// A file of its own because the page's CSP allows no inline script.
(function () {
  var choice = 'system';
  try {
    choice = localStorage.getItem('rill.theme') || 'system';
  } catch {
    // Storage may be forbidden; the system's theme is a good answer then.
  }
  var dark = choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
