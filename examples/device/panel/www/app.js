// The page: its sections, the theme, the connection to the board, and the console.
import {$, ask, duration, h} from './ui.js';
import * as plots from './plots.js';
import {open as openFiles} from './files.js';
import {open as openBoard} from './board.js';

// -- sections

const opened = {plots: plots.show, files: openFiles, console: () => $('line').focus(), board: openBoard};

function go() {
  const wanted = location.hash.slice(1).split('/')[0];
  if (wanted === 'main') return;
  const name = opened[wanted] ? wanted : 'plots';
  for (const id in opened) $(id).hidden = id !== name;
  for (const link of $('nav').children) {
    if (link.hash === '#' + name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  opened[name]();
}
addEventListener('hashchange', go);

// -- theme

const dark = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? 'dark' : 'light')) === 'dark';
const themed = () => $('theme').setAttribute('aria-pressed', isDark());
dark.onchange = themed;
$('theme').onclick = () => {
  const theme = isDark() ? 'light' : 'dark';
  localStorage.setItem('theme', theme);
  document.documentElement.dataset.theme = theme;
  themed();
};
themed();

// -- the connection

const SILENT = 6; // seconds without a reading after which the board is taken for gone
const PAUSES = [1, 2, 4, 8, 15];
let socket, tries = 0, again, heard, up = 0;

function state(name, text) {
  $('state').dataset.state = name;
  if ($('state').textContent !== text) $('state').textContent = text;
}

function connect() {
  clearInterval(again);
  state('trying', 'Connecting');
  if (socket) socket.close();
  const ws = socket = new WebSocket(`ws${location.protocol.slice(4)}//${location.host}/ws`);
  ws.binaryType = 'arraybuffer';
  heard = performance.now();
  ws.onmessage = e => {
    if (ws !== socket) return;
    heard = performance.now();
    if (typeof e.data !== 'string') return plots.add(e.data);
    const message = JSON.parse(e.data);
    if (message.plots) greet(message);
    else printed(message);
  };
  ws.onclose = () => ws === socket && lost();
}

function greet({name, uptime, plots: given}) {
  tries = 0;
  $('lost').hidden = true;
  state('open', 'Live');
  document.title = $('name').textContent = name;
  up = performance.now() / 1000 - uptime;
  plots.define(given);
  idle();
}

async function lost() {
  socket = null;
  idle('The connection broke off.');
  // a board that answers, but has no session of ours, wants the password
  ask('GET', 'board').catch(() => {});
  let left = Math.round(PAUSES[Math.min(tries++, PAUSES.length - 1)] * (1 + Math.random() / 4));
  const tell = () => {
    state('lost', 'Offline');
    $('lost').hidden = false;
    $('why').textContent = `No connection to the board. Next try in ${left} s.`;
    if (!left--) connect();
  };
  tell();
  clearInterval(again);
  again = setInterval(tell, 1000);
}

$('retry').onclick = connect;
addEventListener('online', () => socket || connect());
document.addEventListener('visibilitychange', () => document.hidden || socket || connect());
setInterval(() => {
  if (socket && performance.now() - heard > SILENT * 1000) {
    const ws = socket;
    lost();
    ws.close();
  }
  $('up').textContent = up && socket ? ' · up ' + duration(Math.round(performance.now() / 1000 - up)) : '';
}, 1000);

// -- the console

const history = [];
let place = 0, running = null;

function print(text, kind) {
  const log = $('log');
  log.append(h('pre', {class: kind}, text));
  while (log.children.length > 200) log.firstChild.remove();
  log.scrollTop = log.scrollHeight;
}

function printed({out, bad, cut}) {
  if (out) print(out.replace(/\n$/, ''), bad ? 'bad' : 'out');
  if (cut) print('… and more, which was cut off', 'muted');
  idle();
}

function idle(why) {
  if (running && why) print(why, 'bad');
  running = null;
  $('prompt').classList.remove('busy');
}

function fit() {
  const line = $('line');
  line.rows = Math.min(12, line.value.split('\n').length);
}

function run() {
  const text = $('line').value.replace(/\s+$/, '');
  if (!text || running) return;
  if (!socket || socket.readyState !== 1) return print('Not connected.', 'bad');
  if (history[history.length - 1] !== text) history.push(text);
  place = history.length;
  print(text.split('\n').map((line, i) => (i ? '... ' : '>>> ') + line).join('\n'), 'in');
  socket.send(JSON.stringify({run: text}));
  running = text;
  $('prompt').classList.add('busy');
  $('line').value = '';
  fit();
}

/** Whether Enter at the end begins another line: in a block, or within brackets. */
function goesOn(text) {
  const lines = text.split('\n'), last = lines[lines.length - 1];
  if (lines.length > 1 && !last.trim()) return false;
  const opened = (text.match(/[([{]/g) || []).length - (text.match(/[)\]}]/g) || []).length;
  return opened > 0 || /:\s*(#.*)?$/.test(last) || /^[ \t@]/.test(last);
}

$('line').onkeydown = e => {
  const line = e.target, before = line.value.slice(0, line.selectionStart);
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
    e.preventDefault();
    const atEnd = line.selectionStart === line.value.length;
    if (e.ctrlKey || !atEnd || !goesOn(line.value)) return run();
    const last = before.split('\n').pop();
    const indent = last.match(/^\s*/)[0] + (/:\s*(#.*)?$/.test(last) ? '    ' : '');
    line.setRangeText('\n' + indent, line.selectionStart, line.selectionEnd, 'end');
    fit();
  } else if (e.key === 'ArrowUp' && !before.includes('\n') || e.key === 'ArrowDown' && !line.value.slice(line.selectionEnd).includes('\n')) {
    const next = place + (e.key === 'ArrowUp' ? -1 : 1);
    if (next < 0 || next > history.length) return;
    e.preventDefault();
    place = next;
    line.value = history[place] || '';
    fit();
  }
};
$('line').oninput = fit;
$('prompt').onsubmit = e => {
  e.preventDefault();
  run();
  $('line').focus();
};
$('clear').onclick = () => {
  $('log').replaceChildren();
  $('line').focus();
};

go();
connect();
