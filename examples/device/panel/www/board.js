// What the board is, its updates, its password.
import {$, ask, h, question, say, send, trying} from './ui.js';

export async function open() {
  let board;
  try {
    board = await (await ask('GET', 'board')).json();
  } catch (e) {
    $('cards').replaceChildren(h('div', {class: 'empty'}, h('p', {}, `The board does not answer: ${e.message}.`),
      h('button', {onclick: open}, 'Try again')));
    return;
  }
  const facts = board.facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {class: 'num'}, value)]);
  $('cards').replaceChildren(
    card('About', h('dl', {}, ...facts)), firmware(board), program(board), restart(board), password());
}

const card = (title, ...children) => h('article', {class: 'card'}, h('h3', {}, title), ...children);
const note = text => h('p', {class: 'muted'}, text);

/** The SHA-256 of bytes, in hexadecimal: browsers have it for pages of HTTPS alone. */
function sha256(data) {
  const k = [], h = [], w = new Int32Array(64);
  for (let n = 2, i; k.length < 64; n++) {
    for (i = 2; n % i; i++);
    if (i < n) continue;
    if (k.length < 8) h.push(n ** (1 / 2) * 2 ** 32 | 0);
    k.push(n ** (1 / 3) * 2 ** 32 | 0);
  }
  const n = data.length, all = new Uint8Array(n + 72 & ~63), view = new DataView(all.buffer);
  all.set(data);
  all[n] = 128;
  view.setUint32(all.length - 8, n / 2 ** 29);
  view.setUint32(all.length - 4, n * 8);
  const r = (x, n) => x >>> n | x << 32 - n;
  for (let at = 0; at < all.length; at += 64) {
    let s = h.slice();
    for (let i = 0; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2], [a, b, c, d, e, f, g] = s;
      w[i] = i < 16 ? view.getInt32(at + 4 * i) : w[i - 16] + w[i - 7] +
        (r(x, 7) ^ r(x, 18) ^ x >>> 3) + (r(y, 17) ^ r(y, 19) ^ y >>> 10);
      const t = s[7] + (r(e, 6) ^ r(e, 11) ^ r(e, 25)) + (e & f ^ ~e & g) + k[i] + w[i];
      s = [t + (r(a, 2) ^ r(a, 13) ^ r(a, 22)) + (a & b ^ a & c ^ b & c) | 0, a, b, c, d + t | 0, e, f, g];
    }
    s.forEach((x, i) => h[i] = h[i] + x | 0);
  }
  return h.map(x => (x >>> 0).toString(16).padStart(8, '0')).join('');
}

/** Send a file with its SHA-256, and show how far it is. */
async function put(path, file, bar, state) {
  const digest = sha256(new Uint8Array(await file.arrayBuffer()));
  bar.hidden = false;
  return new Promise((resolve, reject) => send(`${path}?sha256=${digest}`, file, part => {
    bar.value = part;
    state.textContent = `${file.name}: ${Math.floor(100 * part)} %`;
  }, error => error ? reject(Error(`${file.name}: ${error}`)) : resolve()));
}

/** A form with a choice of files; act(files, bar, state) sends them. */
function sender(label, many, act) {
  const input = h('input', {type: 'file', 'aria-label': label, multiple: many, required: true});
  const button = h('button', {class: 'main'}, 'Update');
  const bar = h('progress', {max: 1, value: 0, 'aria-label': label + ', sent', hidden: true});
  const state = h('p', {class: 'muted num', role: 'status'});
  return h('form', {class: 'row', async onsubmit(e) {
    e.preventDefault();
    button.disabled = true;
    state.className = 'muted num';
    try {
      await act([...input.files], bar, state);
    } catch (e) {
      state.className = 'bad';
      state.textContent = e.message;
    }
    button.disabled = false;
    bar.hidden = true;
  }}, input, button, bar, state);
}

function firmware(board) {
  if (!board.firmware) return card('Firmware', note('This firmware has no OTA partitions: it is updated by USB.'));
  return card('Firmware', note('An image for this board: .app-bin, or micropython.bin. The board checks it, and restarts.'),
    sender('Firmware image', false, async ([file], bar, state) => {
      if (!await question({title: 'Update the firmware?', text: file.name, button: 'Update'})) return;
      await put('firmware', file, bar, state);
      state.textContent = 'It is in place: the board restarts.';
    }));
}

function program(board) {
  return card('This page', note('Newer files of this page. They are put in place together, when all have come.'),
    sender('Files of the page', true, async (files, bar, state) => {
      const names = files.map(file => board.files.find(name => name === file.name || name.endsWith('/' + file.name)));
      const unknown = files.find((_, i) => !names[i]);
      if (unknown) throw Error(`The page has no file ${unknown.name}.`);
      for (let i = 0; i < files.length; i++) await put('program/' + names[i], files[i], bar, state);
      await ask('POST', 'program', {files: names});
      state.textContent = 'They are in place: restart the board to use them.';
    }));
}

function restart(board) {
  if (!board.restart) return card('Restart', note('This is no board, so there is nothing to restart.'));
  return card('Restart', note('The program begins anew. It takes some seconds.'),
    h('button', {class: 'danger', onclick: trying(async () => {
      if (!await question({title: 'Restart the board?', button: 'Restart', danger: true})) return;
      await ask('POST', 'restart');
      say('The board restarts.');
    })}, 'Restart'));
}

function password() {
  const field = (label, name) => h('label', {}, label, h('input', {type: 'password', name, required: true,
    autocomplete: name === 'old' ? 'current-password' : 'new-password', minlength: name === 'old' ? null : 8}));
  return card('Password', note('A new one ends the sessions of all other devices.'), h('form', {onsubmit(e) {
    e.preventDefault();
    const form = e.target;
    trying(async () => {
      await ask('POST', 'password', {old: form.elements.old.value, new: form.elements.new.value});
      form.reset();
      say('The password is changed.');
    })();
  }}, field('Password now', 'old'), field('New password', 'new'), h('button', {}, 'Change it')));
}
