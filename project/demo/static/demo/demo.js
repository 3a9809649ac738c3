import { createHub } from '../hub/hub.js';

const HOUR = 3_600_000;
// The hub checks links when it takes them; a page checks them again where it makes them clickable.
const SAFE = /^(https:|mailto:|\/(?![/\\])|http:\/\/(127\.0\.0\.1|localhost)[:/])/i;
const STATES = { idle: 'connecting', connecting: 'connecting', online: 'online', offline: 'reconnecting', closed: 'closed' };
const EMPTY = {
  all: 'Nothing here yet. Send something.',
  unread: 'All read.',
  archived: 'Nothing is archived.',
  snoozed: 'Nothing is snoozed.',
};
const data = JSON.parse(document.getElementById('data').textContent);
const template = document.getElementById('item');
const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

/** What each tool of an item does now, how it is called, and how it looks. */
const TOOLS = {
  read: (item) => (item.read_at ? ['unread', 'Mark unread', 'unread'] : ['read', 'Mark read', 'read']),
  archive: (item) => (item.archived_at ? ['unarchive', 'Unarchive', 'restore'] : ['archive', 'Archive', 'archive']),
  snooze: (item) => (item.snoozed_until ? ['unsnooze', 'Wake now', 'restore'] : ['snooze', 'Snooze 1 hour', 'snooze']),
  delete: () => ['delete', 'Delete', 'delete'],
};

async function getToken(user) {
  const response = await fetch(`${data.token}?user=${encodeURIComponent(user)}`);
  if (!response.ok) throw new Error(`no token: ${response.status}`);
  return (await response.json()).token;
}

function show(element, visible) {
  element.hidden = !visible;
}

function ago(time) {
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (seconds < 45) return 'now';
  if (seconds < 3570) return `${Math.max(1, Math.round(seconds / 60))} min`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h`;
  return new Date(time).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
}

function clock(time) {
  return new Date(time).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

function note(item) {
  if (item.acted) return `${item.actions.find(({ key }) => key === item.acted.action)?.label ?? item.acted.action} ✓`;
  if (item.snoozed_until) return `until ${clock(item.snoozed_until)}`;
  return item.category === 'message' ? '' : item.category;
}

/** One user's inbox: a hub of its own, and the elements that show it. */
class Pane {
  constructor(root) {
    this.root = root;
    this.user = root.dataset.user;
    this.name = root.dataset.name;
    this.rows = new Map();
    this.away = false;
    this.hub = createHub({ url: data.api, getToken: () => getToken(this.user) });
    this.hub.subscribe(() => this.render());
    this.hub.on('notification', (item) => this.announce(item));
    this.hub.on('rollback', ({ error }) => this.complain(`Not done: ${error.message}`));
    this.hub.on('closed', ({ reason }) => this.complain(`The hub closed the connection: ${reason}`));
    this.listen();
    this.hub.connect();
    this.open('all');
  }

  listen() {
    part(this.root, 'bell').addEventListener('click', () => this.hub.seenAll());
    part(this.root, 'away').addEventListener('click', () => this.toggleAway());
    part(this.root, 'read-all').addEventListener('click', () => this.hub.readAll());
    part(this.root, 'more').addEventListener('click', () => this.try(this.hub.more()));
    for (const tab of this.root.querySelectorAll('[data-filter]')) {
      tab.addEventListener('click', () => this.open(tab.dataset.filter));
    }
    part(this.root, 'items').addEventListener('click', (event) => this.use(event.target.closest('button')));
  }

  open(filter) {
    for (const tab of this.root.querySelectorAll('[data-filter]')) {
      tab.setAttribute('aria-pressed', String(tab.dataset.filter === filter));
    }
    this.try(this.hub.list({ filter }));
  }

  async try(request) {
    try {
      await request;
      show(part(this.root, 'problem'), false);
    } catch (error) {
      this.complain(`The list could not be loaded: ${error.message}`);
    }
  }

  use(button) {
    if (!button) return;
    const { id } = button.closest('li').dataset;
    const { op, action } = button.dataset;
    if (action) this.hub.act(id, action);
    else if (op === 'snooze') this.hub.snooze(id, new Date(Date.now() + HOUR));
    else this.hub[op](id);
  }

  toggleAway() {
    this.away = !this.away;
    if (this.away) this.hub.close();
    else this.hub.connect();
    show(part(this.root, 'problem'), false);
    this.render();
  }

  announce(item) {
    part(this.root, 'live').textContent = `New for ${this.name}: ${item.title}`;
    const bell = part(this.root, 'bell');
    bell.classList.remove('rings');
    void bell.offsetWidth; // the animation starts again only after a layout without it
    bell.classList.add('rings');
  }

  complain(text) {
    const problem = part(this.root, 'problem');
    problem.textContent = text;
    show(problem, true);
  }

  render() {
    const { state, items, counts, view, loaded, more } = this.hub.getSnapshot();
    const shown = this.away ? 'away' : STATES[state];
    this.root.dataset.state = shown;
    part(this.root, 'state').textContent = shown;
    part(this.root, 'away').setAttribute('aria-checked', String(this.away));
    show(part(this.root, 'notice'), this.away);
    this.renderCounts(counts);
    this.renderItems(items);
    show(part(this.root, 'empty'), loaded && items.length === 0);
    part(this.root, 'empty').querySelector('p').textContent = EMPTY[view.filter];
    show(part(this.root, 'more'), more);
  }

  renderCounts({ unread, unseen }) {
    const badge = part(this.root, 'badge');
    badge.textContent = unseen > 99 ? '99+' : String(unseen);
    show(badge, unseen > 0);
    const label = unseen ? `${this.name}: ${unseen} new. Mark them seen` : `${this.name}: nothing new`;
    part(this.root, 'bell').setAttribute('aria-label', label);
    const count = part(this.root, 'unread');
    count.textContent = unread > 99 ? '99+' : String(unread);
    show(count, unread > 0);
    part(this.root, 'read-all').disabled = unread === 0;
  }

  /** Keeps the elements of items that stay, so that focus and reading place stay too. */
  renderItems(items) {
    const list = part(this.root, 'items');
    const ids = new Set(items.map((item) => item.id));
    for (const [id, row] of this.rows) if (!ids.has(id)) this.remove(id, row);
    items.forEach((item, index) => {
      const row = this.rows.get(item.id) ?? this.add(item);
      if (row.item !== item) fill(row, item);
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
  }

  add(item) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.id = item.id;
    this.rows.set(item.id, row);
    return row;
  }

  remove(id, row) {
    if (row.contains(document.activeElement)) {
      const { op } = document.activeElement.dataset;
      const neighbour = row.nextElementSibling ?? row.previousElementSibling;
      (neighbour?.querySelector(`[data-op="${op}"]`) ?? part(this.root, 'items')).focus();
    }
    row.remove();
    this.rows.delete(id);
  }
}

function fill(row, item) {
  row.item = item;
  row.classList.toggle('unread', !item.read_at);
  row.classList.toggle('high', item.priority === 'high');
  part(row, 'unread').textContent = item.read_at ? '' : 'Unread: ';
  const title = part(row, 'title');
  title.textContent = item.title || item.body;
  link(title, item.action_url);
  part(row, 'body').textContent = item.title ? item.body : '';
  const time = part(row, 'time');
  time.dateTime = item.created_at;
  time.title = new Date(item.created_at).toLocaleString();
  time.textContent = ago(item.created_at);
  part(row, 'note').textContent = note(item);
  part(row, 'actions').replaceChildren(...(item.acted ? [] : item.actions.map(actionOf)));
  for (const button of row.querySelectorAll('[data-do]')) fillTool(button, item);
}

function link(anchor, url) {
  if (url && SAFE.test(url)) anchor.href = url;
  else anchor.removeAttribute('href');
}

function fillTool(button, item) {
  const [op, label, icon] = TOOLS[button.dataset.do](item);
  button.dataset.op = op;
  button.title = label;
  button.setAttribute('aria-label', `${label}: ${item.title || item.body}`);
  button.querySelector('use').setAttribute('href', `#${icon}`);
}

function actionOf({ key, label, url }) {
  const action = document.createElement(url ? 'a' : 'button');
  action.textContent = label;
  if (url) link(action, url);
  else Object.assign(action, { type: 'button' }).dataset.action = key;
  return action;
}

/** The form that sends, as an application's backend would. */
class Compose {
  constructor(form) {
    this.form = form;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    for (const example of form.querySelectorAll('.examples button')) {
      example.addEventListener('click', () => this.fill(example.dataset));
    }
  }

  fill({ title, body, link }) {
    const { elements } = this.form;
    elements.title.value = title;
    elements.body.value = body;
    elements.action_url.value = link;
  }

  async send() {
    const { to, title, body, action_url } = Object.fromEntries(new FormData(this.form));
    this.say('');
    this.showErrors([]);
    const response = await this.post({ to: to.split(' '), title, body, action_url });
    if (response?.status === 422) this.showErrors((await response.json()).errors);
    else if (response?.ok) this.say('Accepted');
    else this.say(response ? `Not accepted: ${response.status}` : 'The hub can’t be reached');
  }

  async post(body) {
    const headers = {
      'Content-Type': 'application/json',
      'X-CSRFToken': this.form.elements.csrfmiddlewaretoken.value,
    };
    return fetch(data.notify, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => null);
  }

  showErrors(errors) {
    for (const place of this.form.querySelectorAll('[data-error]')) {
      const error = errors.find(({ field }) => field === place.dataset.error);
      place.textContent = error?.message ?? '';
      show(place, Boolean(error));
      this.form.elements[place.dataset.error].toggleAttribute('aria-invalid', Boolean(error));
    }
    const [first] = errors;
    if (!first) return;
    const field = this.form.elements[first.field];
    if (field?.focus) field.focus();
    else this.say(first.message);
  }

  say(text) {
    document.getElementById('sent').textContent = text;
  }
}

const panes = [...document.querySelectorAll('[data-user]')].map((root) => new Pane(root));
new Compose(document.getElementById('compose'));
setInterval(() => {
  for (const time of document.querySelectorAll('.item time')) time.textContent = ago(time.dateTime);
}, 30_000);
// Tells the server at once, instead of after its ping: who closes the page is away.
addEventListener('pagehide', () => {
  for (const pane of panes) pane.hub.close();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) for (const pane of panes) if (!pane.away) pane.hub.connect();
});
