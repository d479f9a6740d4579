// Not a module: it runs before anything is painted.
{
  const theme = localStorage.getItem('edgewise.theme');
  if (theme) document.documentElement.dataset.theme = theme;
}
