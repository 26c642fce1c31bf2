// Light or dark: as the system has it, until somebody chooses. A plain script that runs before the first paint.
"use strict";
{
  const name = "xenoglot.theme";
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  // A browser that was told to keep nothing throws; the choice then lasts as long as the page.
  const storage = (use) => {
    try {
      return use(localStorage);
    } catch {
      return null;
    }
  };
  let chosen = storage((kept) => kept.getItem(name));
  const show = () => {
    document.documentElement.dataset.theme = chosen ?? (systemIsDark.matches ? "dark" : "light");
  };
  show();
  systemIsDark.addEventListener("change", show);
  addEventListener("xenoglot:theme", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    storage((kept) => kept.setItem(name, chosen));
    show();
  });
}
