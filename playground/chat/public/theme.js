// A classic script: it runs before the first paint, so that a stored choice never flashes the other theme.
{
  const stored = localStorage.getItem("playground.theme");
  if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
}
