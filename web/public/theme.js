// Runs before the first paint, so that a chosen scheme never flashes the other one.
try {
  const scheme = localStorage.getItem("impasto.scheme");
  if (scheme === "light" || scheme === "dark") document.documentElement.dataset.scheme = scheme;
} catch {
  // Storage may be forbidden: then the system's scheme holds.
}
