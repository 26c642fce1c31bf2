// Keys: `/` to the search box, j and k or the arrows from hit to hit. Tab, Enter and Esc do what they always do.

/** Listens; `box` is the search box, and `toBox` brings whoever is elsewhere to it. */
export function listenToKeys(box, toBox) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const isBox = event.target === box;
    // From the box the arrow leads to the hits; all other fields keep their keys.
    if (event.target.matches("input, select, textarea") && !(isBox && event.key === "ArrowDown")) return;
    if (event.key === "/") {
      event.preventDefault();
      toBox();
    } else if (event.key === "j" || event.key === "ArrowDown") step(event, 1);
    else if (event.key === "k" || event.key === "ArrowUp") step(event, -1, box);
  });
}

function step(event, by, box = null) {
  const titles = [...document.querySelectorAll(".hit h3 a")];
  const from = document.activeElement.closest(".hit")?.querySelector("h3 a");
  // Whoever is not among the hits scrolls with the arrows, but for the box.
  const isArrow = event.key.startsWith("Arrow");
  if (!from && isArrow && event.target.id !== "query") return;
  const next = from ? titles[titles.indexOf(from) + by] : titles[0];
  const goal = next ?? (by < 0 && from ? box : null);
  if (!goal) return;
  event.preventDefault();
  goal.focus();
  goal.closest(".hit")?.scrollIntoView({ block: "nearest" });
}
