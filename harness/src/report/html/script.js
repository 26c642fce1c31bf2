"use strict";
document.documentElement.classList.add("scripted");

// Of all maps of a collection, the chosen one; the baseline has no difference to itself.
for (const maps of document.querySelectorAll(".maps")) {
  const figures = [...maps.querySelectorAll("figure")];
  const chosen = (what) => maps.querySelector(`[data-choice=${what}]:checked`)?.value;
  const show = () => {
    const system = chosen("system") ?? "0";
    const ofSystem = figures.filter((figure) => figure.dataset.system === system);
    const shown = ofSystem.find((figure) => figure.dataset.kind === chosen("kind")) ?? ofSystem[0];
    for (const figure of figures) figure.hidden = figure !== shown;
  };
  maps.addEventListener("change", show);
  show();
}

// The topic under the pointer.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);
for (const drawing of document.querySelectorAll(".waterfall")) {
  const topics = JSON.parse(drawing.dataset.topics);
  const [left, right] = [Number(drawing.dataset.left), Number(drawing.dataset.right)];
  const cursor = drawing.querySelector(".cursor");
  const hide = () => {
    tip.hidden = true;
    cursor.setAttribute("visibility", "hidden");
  };
  drawing.addEventListener("pointerleave", hide);
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * drawing.viewBox.baseVal.width;
    const place = Math.floor(((x - left) / (right - left)) * topics.length);
    if (!(place in topics)) return hide();
    const [topic, baseline, value, difference] = topics[place];
    tip.textContent = `${topic}: ${baseline} → ${value} (${difference})`;
    tip.hidden = false;
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(event.clientX + 12, room)) + window.scrollX}px`;
    tip.style.top = `${event.clientY + window.scrollY - 36}px`;
    const middle = left + ((place + 0.5) / topics.length) * (right - left);
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, middle);
    cursor.setAttribute("visibility", "visible");
  });
}

// The section in sight.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const sight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) links.get(entry.target.id)?.classList.toggle("here", entry.isIntersecting);
  },
  { rootMargin: "-30% 0px -69% 0px" },
);
for (const section of document.querySelectorAll("main > section")) sight.observe(section);
