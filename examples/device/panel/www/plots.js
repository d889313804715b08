// Plots of what the board tells once a second.
import {$, bytes, h, svg} from './ui.js';

const MOST = 900; // rows that are kept
const KEPT = 120; // of these by the board as well
const HEIGHT = 168, LEFT = 54, BOTTOM = 22, TOP = 8, RIGHT = 10;
const ZERO = ['B', '/s', 'ms', '']; // units of which 0 is worth being seen

let rows = []; // {at: seconds, values: Float32Array}
let plots = [];

/** What the board says of its plots: [title, unit, [line, ...]]. */
export function define(given) {
  let column = 0;
  const before = plots.columns, now = performance.now() / 1000;
  plots = given.map(([title, unit, lines]) => {
    const plot = {title, unit, lines, column};
    column += lines.length;
    draw(plot);
    return plot;
  });
  plots.columns = column;
  // a board that is back tells of the last minutes again
  rows = before === column ? rows.filter(row => row.at < now - KEPT) : [];
  $('charts').replaceChildren(...plots.map(plot => plot.card));
  $('charts').setAttribute('aria-busy', 'true');
}

/** Rows of readings, one of each second, the last of which is of now. */
export function add(buffer) {
  const data = new Float32Array(buffer), n = plots.columns;
  const now = performance.now() / 1000;
  const count = data.length / n;
  for (let i = 0; i < count; i++) rows.push({at: now - count + 1 + i, values: data.slice(i * n, i * n + n)});
  rows = rows.slice(-MOST);
  $('charts').dataset.rows = rows.filter(row => !isNaN(row.values[0])).length;
  $('charts').removeAttribute('aria-busy');
  show();
}

export function show() {
  if ($('plots').hidden || document.hidden) return;
  for (const plot of plots) paint(plot);
}

function draw(plot) {
  plot.area = svg('path', {class: 'area'});
  plot.grid = svg('g', {class: 'grid'});
  plot.paths = plot.lines.map((_, i) => svg('path', {class: 'line s' + (i + 1)}));
  plot.cross = svg('g', {class: 'cross'});
  plot.svg = svg('svg', {class: 'plot', role: 'img', tabindex: 0, height: HEIGHT},
    plot.grid, plot.area, ...plot.paths, plot.cross);
  plot.values = plot.lines.map(() => h('b', {class: 'num'}, '–'));
  plot.when = h('span', {class: 'muted num'});
  const legend = h('ul', {class: 'legend'}, ...plot.lines.map((line, i) =>
    h('li', {}, h('i', {class: 'key s' + (i + 1)}), line + ' ', plot.values[i])));
  plot.card = h('article', {class: 'card'}, h('div', {class: 'title'},
    h('h3', {}, plot.title), plot.when), legend, plot.svg);
  plot.at = null; // the time ago that is pointed at
  const point = e => {
    const box = plot.svg.getBoundingClientRect();
    const part = (e.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    plot.at = part < 0 || part > 1 ? null : (1 - part) * span();
    paint(plot);
  };
  plot.svg.addEventListener('pointermove', point);
  plot.svg.addEventListener('pointerdown', point);
  const leave = () => { plot.at = null; paint(plot); };
  plot.svg.addEventListener('pointerleave', leave);
  plot.svg.addEventListener('blur', leave);
  plot.svg.addEventListener('keydown', e => {
    const step = {ArrowLeft: 1, ArrowRight: -1}[e.key];
    if (e.key === 'Escape') plot.at = null;
    else if (step) plot.at = Math.min(span(), Math.max(0, (plot.at || 0) + step * span() / 60));
    else return;
    e.preventDefault();
    paint(plot);
  });
}

const span = () => +$('span').value;

/** The step of a scale with about n of them, up to most: 1, 2 or 5 of a power of ten. */
function step(most, n) {
  const rough = most / n || 1, power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find(k => k * power >= rough);
}

/** [factor, name] of the unit in which so much is read best. */
function scale(unit, most) {
  if (unit !== 'B') return [1, unit];
  return most < 1 << 10 ? [1, 'B'] : most < 1 << 20 ? [1 << 10, 'KB'] : [1 << 20, 'MB'];
}

const digits = x => Math.max(0, Math.min(3, -Math.floor(Math.log10(x) + 1e-9)));

function written(plot, value) {
  if (isNaN(value)) return '–';
  if (plot.unit === 'B') return bytes(Math.round(value));
  const places = Number.isInteger(value) && plot.unit !== '°C' ? 0 : 1;
  return value.toFixed(places) + ' ' + plot.unit;
}

function ago(seconds) {
  seconds = Math.round(seconds);
  if (!seconds) return 'now';
  return seconds % 60 ? `${seconds} s ago` : `${seconds / 60} min ago`;
}

function range(plot, seen) {
  let most = -Infinity, least = Infinity;
  for (const {values} of seen) {
    plot.lines.forEach((_, i) => {
      const value = values[plot.column + i];
      most = value > most ? value : most;
      least = value < least ? value : least;
    });
  }
  if (most < least) return null;
  if (ZERO.includes(plot.unit)) return [0, Math.max(most, plot.unit === 'B' ? 1024 : 1)];
  const middle = (most + least) / 2, half = Math.max((most - least) / 2, 2);
  return [middle - half, middle + half];
}

function paint(plot) {
  const width = plot.svg.clientWidth || 320, last = rows.length && rows[rows.length - 1].at;
  const seconds = span();
  const seen = rows.filter(row => row.at >= last - seconds - 1);
  const found = range(plot, seen);
  let [low, high] = found || [0, 1];
  const [factor, unit] = scale(plot.unit, high);
  const each = step((high - low) / factor, 3) * factor;
  low = Math.floor(low / each) * each;
  high = Math.ceil(high / each) * each;
  const x = at => width - RIGHT - (last - at) / seconds * (width - LEFT - RIGHT);
  const y = value => HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - TOP);

  const grid = [];
  for (let value = low; value <= high + each / 2; value += each) {
    const top = value >= high - each / 2;
    grid.push(svg('path', {d: `M${LEFT} ${y(value)}H${width - RIGHT}`}), svg('text',
      {x: LEFT - 6, y: y(value) + 4, 'text-anchor': 'end'},
      (value / factor).toFixed(digits(each / factor)) + (top ? ' ' + unit : '')));
  }
  for (let part = 0; part < 3; part++) {
    const back = seconds * (2 - part) / 2;
    grid.push(svg('text', {x: x(last - back), y: HEIGHT - 4,
      'text-anchor': ['start', 'middle', 'end'][part]}, ago(back)));
  }
  if (!found) grid.push(svg('text', {x: (width + LEFT) / 2, y: HEIGHT / 2, 'text-anchor': 'middle'}, 'no reading yet'));
  plot.grid.replaceChildren(...grid);

  plot.lines.forEach((_, i) => {
    let d = '', pen = 'M', before = 0;
    for (const row of seen) {
      const value = row.values[plot.column + i];
      if (isNaN(value) || row.at - before > 4) pen = 'M';
      before = row.at;
      if (isNaN(value)) continue;
      d += pen + x(Math.max(row.at, last - seconds)).toFixed(1) + ' ' + y(value).toFixed(1);
      pen = 'L';
    }
    plot.paths[i].setAttribute('d', d);
    if (!i) plot.area.setAttribute('d', d.replace(/[^M]+/g, points => {
      const [first] = points.split(' '), end = points.split('L').pop().split(' ')[0];
      return `${points}L${end} ${y(low)}L${first} ${y(low)}Z`;
    }));
  });
  point(plot, seen, last, x, y);
}

/** The crosshair, and the values of that time or of now. */
function point(plot, seen, last, x, y) {
  let row = seen[seen.length - 1];
  plot.cross.replaceChildren();
  plot.when.textContent = '';
  if (plot.at != null && row) {
    const at = last - plot.at;
    for (const each of seen) if (Math.abs(each.at - at) < Math.abs(row.at - at)) row = each;
    plot.cross.append(svg('path', {d: `M${x(row.at)} ${TOP}V${HEIGHT - BOTTOM}`}));
    plot.lines.forEach((_, i) => {
      const value = row.values[plot.column + i];
      if (!isNaN(value)) plot.cross.append(svg('circle', {class: 's' + (i + 1), r: 4, cx: x(row.at), cy: y(value)}));
    });
    plot.when.textContent = ago(last - row.at);
  }
  const said = plot.lines.map((line, i) => {
    const value = row ? written(plot, row.values[plot.column + i]) : '–';
    plot.values[i].textContent = value;
    return line + ' ' + value;
  });
  plot.svg.setAttribute('aria-label', `${plot.title}: ${said.join(', ')}`);
}

$('span').onchange = show;
addEventListener('resize', show);
document.addEventListener('visibilitychange', show);
