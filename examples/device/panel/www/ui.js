// What the parts of the page share.
export const $ = id => document.getElementById(id);

/** An element with attributes, handlers (onclick, ...) and children. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

const ICONS = {
  folder: 'M3 18V6h6l2 2h10v10z',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  get: 'M12 4v11m-4-4 4 4 4-4M5 20h14',
  edit: 'm5 19 1-4L16 5l3 3L9 18z',
  bin: 'M5 7h14M9 7V4h6v3m-8 0 1 13h8l1-13',
};
const SVG = 'http://www.w3.org/2000/svg';

export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const icon = name =>
  svg('svg', {viewBox: '0 0 24 24', 'aria-hidden': 'true'}, svg('path', {d: ICONS[name]}));

/** A number of bytes, to be read. */
export function bytes(n) {
  if (n < 1024) return n + ' B';
  const unit = n < 1 << 20 ? 'KB' : n < 1 << 30 ? 'MB' : 'GB';
  n /= {KB: 1 << 10, MB: 1 << 20, GB: 1 << 30}[unit];
  return (n < 100 ? n.toFixed(1) : Math.round(n)) + ' ' + unit;
}

export function duration(s) {
  const days = Math.floor(s / 86400), hours = Math.floor(s / 3600) % 24, minutes = Math.floor(s / 60) % 60;
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${s % 60} s` : `${s} s`;
}

/** A path as a part of a URL. */
export const url = path => path.split('/').map(encodeURIComponent).join('/');

/** What went wrong, in words of the board or of ours. */
export function reason(status, text) {
  let error = '';
  try {
    error = JSON.parse(text).error;
  } catch {
    // no JSON: what the server says by itself
  }
  if (status === 403 && error === 'sign in') location.reload();
  return error || {0: 'no connection', 413: 'it is too large', 503: 'the board is busy'}[status]
    || 'the board answered ' + status;
}

/** A request; rejected with the reason if it is not served. */
export async function ask(method, path, body) {
  const options = {method, body};
  if (body && typeof body === 'object' && !(body instanceof Blob)) {
    options.body = JSON.stringify(body);
    options.headers = {'Content-Type': 'application/json'};
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw Error('no connection');
  }
  if (!answer.ok) throw Error(reason(answer.status, await answer.text()));
  return answer;
}

/** PUT a Blob; told(part) is called as it goes. What it returns can be aborted. */
export function send(path, blob, told, done) {
  const request = new XMLHttpRequest();
  request.open('PUT', path);
  request.upload.onprogress = e => told(e.loaded / (e.total || 1));
  request.onload = () =>
    done(request.status < 300 ? null : reason(request.status, request.responseText));
  request.onerror = () => done(reason(0));
  request.onabort = () => done('cancelled');
  request.send(blob);
  return request;
}

let fading;
export function say(text, bad) {
  const toast = $('toast');
  toast.textContent = text;
  toast.className = bad ? 'shown bad' : 'shown';
  clearTimeout(fading);
  fading = setTimeout(() => toast.className = '', bad ? 8000 : 3000);
}

/** Run a task of the user's, and say what went wrong. */
export const trying = task => async (...given) => {
  try {
    await task(...given);
  } catch (e) {
    say(e.message, true);
  }
};

/**
 * A question: resolved with what was chosen, null if nothing was. With `value` it asks for a
 * text; with `more` (elements) these are in place of a button.
 */
export function question({title, text = '', button = 'OK', danger, value, more}) {
  const dialog = $('dialog');
  return new Promise(resolve => {
    const input = value != null && h('input', {value, 'aria-label': title, required: true, maxlength: 255});
    const form = h('form', {method: 'dialog'},
      h('h2', {id: 'dialog-title'}, title), h('p', {}, text), ...input ? [input] : [], ...more || [],
      h('div', {class: 'tools'},
        ...more ? [] : [h('button', {class: danger ? 'danger' : 'main', value: 'yes'}, button)],
        h('button', {value: '', formnovalidate: true}, 'Cancel')));
    dialog.replaceChildren(form);
    dialog.returnValue = '';
    dialog.onclose = () => {
      const chosen = dialog.returnValue;
      resolve(!chosen ? null : input ? input.value.trim() || null : chosen);
    };
    dialog.onclick = e => { if (e.target === dialog) dialog.close(''); };
    dialog.showModal();
    if (input) {
      input.focus();
      input.setSelectionRange(0, value.lastIndexOf('.') > 0 ? value.lastIndexOf('.') : value.length);
    }
  });
}
