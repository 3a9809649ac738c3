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

// Messages say by themselves that they were delivered, a moment after they arrived.
async function refreshFates() {
  const told = await (await fetch("/told")).json();
  for (const [id, fates] of Object.entries(told)) {
    for (const fate of fates) {
      document.querySelector(`[data-of="${id}"] [data-tell="${fate}"]`)?.setAttribute("aria-pressed", "true");
    }
  }
}

async function tell(button) {
  button.disabled = true;
  const query = new URLSearchParams({ fate: button.dataset.tell });
  const answer = await fetch(`/message/${button.parentElement.dataset.of}/tell?${query}`, { method: "POST" });
  const status = answer.ok ? (await answer.json()).status : 0;
  button.disabled = false;
  button.setAttribute("aria-pressed", String(status === 200));
  button.title = status === 200 ? "The hub was told." : `The hub did not take it (${status || "it can't be reached"}).`;
}

function localise(time) {
  const at = new Date(time.dateTime);
  const today = at.toDateString() === new Date().toDateString();
  time.textContent = today ? at.toLocaleTimeString() : at.toLocaleString();
}

async function watch() {
  // where the mailbox is restarting, the next round finds it
  if (!document.hidden) await Promise.all([columns.size && refresh(), refreshFates()]).catch(() => {});
  setTimeout(watch, 1500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-tell]");
  if (button) tell(button);
});
for (const time of document.querySelectorAll("time")) localise(time);
if (onFirstPage) watch();
