// The files of the board.
import {$, ask, bytes, h, icon, question, say, send, trying, url} from './ui.js';

const EDITED = 64 << 10; // bytes of the largest file that is edited here
const IMAGES = /\.(png|jpe?g|gif|webp|svg|ico)$/i;
let folder = '', free = 0, entries = [], shown = null;
const within = name => folder ? folder + '/' + name : name;

/** The folder is a part of the page's address, so that Back goes back. */
export async function open() {
  const wanted = decodeURIComponent(location.hash.slice(7));
  if (shown && !await leave()) return;
  folder = wanted;
  await list();
}

const link = path => '#files' + (path ? '/' + url(path) : '');

async function list() {
  crumbs();
  const table = $('entries');
  table.setAttribute('aria-busy', 'true');
  try {
    const [left, total, ...found] = await (await ask('GET', 'list?path=' + encodeURIComponent(folder))).json();
    free = left;
    const used = h('i');
    used.style.width = 100 * (total - left) / total + '%';
    $('space').replaceChildren(h('i', {class: 'meter'}, used), bytes(left) + ' free', h('span', {}, ` of ${bytes(total)}`));
    entries = found.map(([name, isFolder, size, time, own]) => ({name, isFolder, size, time, own}));
    entries.sort((a, b) => b.isFolder - a.isFolder || a.name.localeCompare(b.name, undefined, {numeric: true}));
    table.replaceChildren(entries.length ? rows() : h('p', {class: 'empty'},
      'This folder is empty. Drop files here, or choose Upload.'));
  } catch (e) {
    table.replaceChildren(h('div', {class: 'empty'}, h('p', {}, `The folder can't be shown: ${e.message}.`),
      h('button', {onclick: list}, 'Try again'), ' ', ...folder ? [h('a', {href: link('')}, 'Go to the top')] : []));
  }
  table.removeAttribute('aria-busy');
}

function crumbs() {
  const names = folder ? folder.split('/') : [];
  $('crumbs').replaceChildren(...['Files', ...names].flatMap((name, i) => {
    const here = i === names.length;
    const part = here ? h('span', {'aria-current': 'page'}, name) : h('a', {href: link(names.slice(0, i).join('/'))}, name);
    return i ? [' / ', part] : [part];
  }));
}

function when(time) {
  const date = new Date(time * 1000);
  return date.getFullYear() < 2021 ? '' : // a clock that was never set
    date.toLocaleDateString(undefined, {day: 'numeric', month: 'short', year: 'numeric'});
}

function rows() {
  const head = h('tr', {}, ...[['Name'], ['Size', 'size'], ['Changed', 'date']].map(
    ([text, kind]) => h('th', {scope: 'col', class: kind}, text)), h('td', {}));
  return h('table', {}, h('thead', {}, head), h('tbody', {}, ...entries.map(entry => {
    const name = entry.isFolder ? h('a', {class: 'name', href: link(within(entry.name))}, icon('folder'), h('span', {}, entry.name))
      : h('button', {class: 'name', onclick: () => view(entry)}, icon('file'), h('span', {}, entry.name));
    return h('tr', {}, h('td', {}, name), h('td', {class: 'size num'}, entry.isFolder ? '' : bytes(entry.size)),
      h('td', {class: 'date num'}, when(entry.time)), h('td', {class: 'acts'}, ...actions(entry, true),
        h('button', {class: 'icon more', 'aria-label': 'Actions for ' + entry.name, onclick: () => sheet(entry)}, icon('more'))));
  })));
}

/** What can be done with a file: buttons with an icon for a row, with a text for the sheet. */
function actions(entry, small) {
  const label = text => small ? {class: 'icon', 'aria-label': `${text} ${entry.name}`, title: text} : {class: 'wide'};
  const found = [];
  if (!entry.isFolder) found.push(h('a', {...label('Download'), href: 'files/' + url(within(entry.name)), download: entry.name},
    icon('get'), small ? '' : 'Download'));
  if (entry.own) return found;
  for (const [text, sign, act] of [['Rename', 'edit', rename], ['Delete', 'bin', remove]]) {
    found.push(h('button', {...label(text), value: text, type: small ? 'button' : 'submit',
      onclick: () => small && act(entry)}, icon(sign), small ? '' : text));
  }
  return found;
}

async function sheet(entry) {
  const text = entry.own ? 'It belongs to this page, and is changed under Board.' : entry.isFolder ? 'Folder' : bytes(entry.size);
  const act = {Rename: rename, Delete: remove}[await question({title: entry.name, text, more: actions(entry)})];
  if (act) act(entry);
}

const rename = trying(async entry => {
  const name = await question({title: 'Rename ' + entry.name, value: entry.name, button: 'Rename'});
  if (!name || name === entry.name) return;
  await ask('POST', 'move/' + url(within(entry.name)), {to: within(name)});
  say(`${entry.name} is ${name} now.`);
  await list();
});

const remove = trying(async entry => {
  const text = entry.isFolder ? 'The folder must be empty.' : `${bytes(entry.size)}. It can't be brought back.`;
  if (!await question({title: `Delete ${entry.name}?`, text, button: 'Delete', danger: true})) return;
  await ask('DELETE', 'files/' + url(within(entry.name)));
  say(`${entry.name} is deleted.`);
  await list();
});

$('new-folder').onclick = trying(async () => {
  const name = await question({title: 'New folder', value: '', button: 'Make it'});
  if (!name) return;
  await ask('POST', 'folders/' + url(within(name)));
  await list();
});

$('new-file').onclick = async () => {
  const name = await question({title: 'New file', value: '', button: 'Make it'});
  if (!name) return;
  const there = entries.find(entry => entry.name === name);
  if (there) view(there);
  else edit(name, '');
};

// -- uploads, one after the other

const waiting = [];
let sending = false;

async function take(files) {
  const at = folder; // where they were dropped
  for (const file of files) {
    const there = entries.find(entry => entry.name === file.name);
    if (there && !await question({title: `Replace ${file.name}?`, text: 'There is one of that name.', button: 'Replace', danger: true})) continue;
    const bar = h('progress', {max: 1, value: 0, 'aria-label': file.name});
    const note = h('span', {class: 'num'}, 'waiting');
    const cancel = h('button', {class: 'icon', 'aria-label': 'Cancel ' + file.name}, '✕');
    const item = h('li', {}, h('b', {}, file.name), note, cancel, bar);
    const job = {file, at, bar, note, item, cancel};
    cancel.onclick = () => {
      if (job.request) return job.request.abort();
      waiting.splice(waiting.indexOf(job), 1);
      item.remove();
    };
    waiting.push(job);
    $('sending').append(item);
  }
  next();
}

function next() {
  if (sending || !waiting.length) return;
  const job = waiting.shift(), {file, at, bar, note, item, cancel} = job;
  sending = true;
  const end = async error => {
    sending = false;
    item.classList.toggle('bad', !!error);
    if (error) {
      note.textContent = error;
      bar.remove();
      cancel.setAttribute('aria-label', 'Dismiss ' + file.name);
      cancel.onclick = () => item.remove();
    } else {
      item.remove();
      say(`${file.name} is on the board.`);
      if (at === folder) await list();
    }
    next();
  };
  if (file.size > free) return end(`${bytes(file.size)} do not fit: ${bytes(free)} are free`);
  const begun = performance.now();
  job.request = send('files/' + url(at ? at + '/' + file.name : file.name), file, part => {
    bar.value = part;
    const speed = part * file.size / (performance.now() - begun) * 1000;
    note.textContent = `${Math.floor(100 * part)} % of ${bytes(file.size)}, ${bytes(Math.round(speed))}/s`;
  }, end);
}

$('upload').onclick = () => $('chosen').click();
$('chosen').onchange = e => {
  take([...e.target.files]);
  e.target.value = '';
};
let over = 0; // elements under what is dragged
const drop = $('drop');
const light = () => drop.classList.toggle('over', over > 0);
drop.ondragenter = e => { e.preventDefault(); over++; light(); };
drop.ondragleave = () => { over--; light(); };
drop.ondragover = e => e.preventDefault();
drop.ondrop = e => {
  e.preventDefault();
  over = 0;
  light();
  take([...e.dataTransfer.files]);
};

// -- one file

const view = trying(async entry => {
  const path = within(entry.name);
  if (IMAGES.test(entry.name)) {
    return frame(path, h('img', {src: 'files/' + url(path), alt: entry.name}));
  }
  if (entry.size > EDITED) return other(path, `${bytes(entry.size)} are too much to be edited here.`);
  const data = await (await ask('GET', 'files/' + url(path))).arrayBuffer();
  try {
    edit(entry.name, new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(data), entry.own);
  } catch {
    other(path, `It is no text, but ${bytes(data.byteLength)} of something else.`);
  }
});

const other = (path, text) => frame(path, h('div', {class: 'empty'}, h('p', {}, text),
  h('a', {href: 'files/' + url(path), download: path.split('/').pop(), class: 'button'}, 'Download')));

/** Show something in place of the list. */
function frame(path, content, ...tools) {
  shown = {changed: () => false};
  const close = h('button', {onclick: async () => await leave() && list()}, 'Close');
  $('editor').replaceChildren(h('div', {class: 'bar'}, h('h3', {}, path.split('/').pop()), h('span', {class: 'tools'}, close, ...tools)), content);
  hide(true);
  (content.matches('textarea') ? content : close).focus();
}

function hide(list) {
  $('drop').hidden = list;
  $('files').querySelector('.head .tools').hidden = list;
  $('editor').hidden = !list;
}

function edit(name, text, own) {
  const path = within(name), returns = text.includes('\r\n'); // which no textarea keeps
  const area = h('textarea', {'aria-label': name, spellcheck: 'false', autocapitalize: 'off', readonly: !!own});
  area.value = text;
  area.setSelectionRange(0, 0);
  let saved = area.value;
  const save = h('button', {class: 'main', disabled: !!own}, own ? 'Read only' : 'Save');
  const write = trying(async () => {
    const value = area.value;
    save.disabled = true;
    save.textContent = 'Saving …';
    try {
      await ask('PUT', 'files/' + url(path), new Blob([returns ? value.replace(/\n/g, '\r\n') : value]));
      saved = value;
      say(`${name} is saved.`);
    } finally {
      save.disabled = false;
      save.textContent = 'Save';
    }
  });
  save.onclick = write;
  frame(path, area, save);
  shown.changed = () => area.value !== saved;
  area.onkeydown = e => {
    if (e.key === 's' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      if (!own) write();
    }
  };
}

/** Whether what is shown may go. */
async function leave() {
  if (shown && shown.changed() && !await question({title: 'Leave without saving?', text: 'What you changed is lost.', button: 'Leave', danger: true})) return false;
  shown = null;
  hide(false);
  return true;
}

$('editor').addEventListener('keydown', async e => {
  if (e.key === 'Escape' && await leave()) list();
});
addEventListener('beforeunload', e => shown && shown.changed() && e.preventDefault());
