// New messages are put above the ones on the page: nothing is drawn again, so nothing flickers and no scroll position is lost.
const PAGE_SIZE = 1000;
const columns = new Map([...document.querySelectorAll("[data-column]")].map((one) => [one.dataset.column, one]));
const onFirstPage = !new URLSearchParams(location.search).has("before");
let newest = [...document.querySelectorAll("[data-id]")].map((row) => row.dataset.id).sort().at(-1) ?? "";

async function refresh() {
  const answer = await fetch(`/rows?after=${newest}`);
  const rows = await answer.text();
  if (!answer.ok || !rows.trim()) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = rows;
  newest = fresh.content.firstElementChild.dataset.id;
  for (const time of fresh.content.querySelectorAll("time")) localise(time);
  for (const row of [...fresh.content.children].reverse()) add(row);
}

function add(row) {
  const column = columns.get(row.dataset.channel);
  if (!column) return;
  const list = column.querySelector("ol");
  const count = column.querySelector(".count");
  for (const id of row.dataset.withdraws?.split(" ") ?? []) {
    document.querySelector(`[data-id="${id}"]`)?.classList.add("withdrawn");
  }
  row.classList.add("fresh");
  list.prepend(row);
  if (list.children.length > PAGE_SIZE) list.lastElementChild.remove();
  count.textContent = Number(count.textContent) + 1;
  const reading = column.querySelector(".reading");
  if (reading) {
    reading.src = `${row.querySelector("a").pathname}/shown`;
    reading.hidden = false;
  }
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
