// New mails are put above the ones on the page: nothing is drawn again, so nothing flickers and no scroll position is lost.
const PAGE_SIZE = 1000;
const list = document.getElementById("mails");
const count = document.getElementById("count");
const onFirstPage = !new URLSearchParams(location.search).has("before");

async function refresh() {
  const newest = list.firstElementChild?.dataset.id ?? "";
  const answer = await fetch(`/rows?after=${newest}`);
  const rows = await answer.text();
  if (!answer.ok || !rows.trim()) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = rows;
  for (const time of fresh.content.querySelectorAll("time")) localise(time);
  for (const row of fresh.content.children) row.classList.add("fresh");
  const added = fresh.content.children.length;
  list.prepend(fresh.content);
  while (list.children.length > PAGE_SIZE) list.lastElementChild.remove();
  count.textContent = Math.min(Number(count.textContent) + added, 5 * PAGE_SIZE);
}

function localise(time) {
  const at = new Date(time.dateTime);
  const today = at.toDateString() === new Date().toDateString();
  time.textContent = today ? at.toLocaleTimeString() : at.toLocaleString();
}

async function watch() {
  if (!document.hidden) await refresh().catch(() => {}); // the hub is restarting: the next round finds it
  setTimeout(watch, 1500);
}

for (const time of document.querySelectorAll("time")) localise(time);
if (onFirstPage) watch();
