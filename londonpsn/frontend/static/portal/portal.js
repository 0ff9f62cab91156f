// What the page does beyond HTML: the action bar counts what is ticked. Everything works without it.
"use strict";

const pounds = new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" });

function count(bar) {
  const ticks = [...document.querySelectorAll(`input[name=tick][form=${bar.id}]`)];
  const ticked = ticks.filter((tick) => tick.checked);
  const pence = ticked.reduce((sum, tick) => sum + Math.round(100 * (tick.dataset.pounds ?? 0)), 0);
  const said = bar.querySelector("[data-ticked]");
  ticks.forEach((tick) => tick.closest("tr").classList.toggle("on", tick.checked));
  const groups = new Set(ticked.map((tick) => tick.dataset.group)); // never one sum of several
  const hasSum = groups.size === 1 && ticks.some((tick) => "pounds" in tick.dataset);
  const sum = hasSum ? `, ${pounds.format(pence / 100)} a month` : "";
  said.dataset.ticked ||= said.textContent; // its words while nothing is ticked
  said.textContent = ticked.length ? `${ticked.length} ticked${sum}` : said.dataset.ticked;
}

document.addEventListener("change", (event) => {
  const bar = event.target.name === "tick" && document.getElementById(event.target.getAttribute("form"));
  if (bar) count(bar);
});
const countAll = () => document.querySelectorAll("form.bar").forEach(count);
window.addEventListener("pageshow", countAll);
document.addEventListener("htmx:afterSettle", countAll);
