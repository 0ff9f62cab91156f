// What the page does beyond HTML: the action bar counts what is ticked, and a sign-in does not end
// unnoticed. Everything works without it.
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

// Before the sign-in ends: ask whether to stay. Other pages may have put the end off: ask the server.
const end = document.querySelector("dialog[data-session]");
let next;

function plan({ seconds, warn, at, is_last }) {
  clearTimeout(next);
  if (at) document.querySelectorAll("[data-ends-at]").forEach((place) => { place.textContent = at; });
  if (seconds > warn) {
    if (end.open) end.close();
    next = setTimeout(look, 1000 * (seconds - warn));
    return;
  }
  end.querySelector("[data-stay]").hidden = Boolean(is_last);
  if (!end.open) end.showModal();
  next = setTimeout(look, 1000 * (seconds + 1));
}

function signInAgain(address) {
  const page = new URL(address);
  page.searchParams.set("next", location.pathname + location.search);
  location.assign(page);
}

async function look(choice = {}) {
  try {
    const answer = await fetch(end.dataset.session, choice);
    if (answer.redirected) signInAgain(answer.url);
    else if (answer.ok) plan(await answer.json());
    else location.reload();
  } catch {
    next = setTimeout(look, 30000); // the network is away
  }
}
const stay = () => look({ method: "POST", body: new FormData(end.querySelector("[data-stay]")) });

if (end) {
  plan({ seconds: Number(end.dataset.seconds), warn: Number(end.dataset.warn) });
  end.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
  end.querySelector("[data-stay]").addEventListener("submit", (event) => { event.preventDefault(); stay(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
}

// What a security key says is sent when it has said it; one that did not work is said in words.
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-key]")) event.preventDefault();
});
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelectorAll("[data-key-problem]").forEach((problem) => { problem.hidden = false; });
});
