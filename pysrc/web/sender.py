# The page that sends a firmware image. Browsers have SHA-256 for pages of HTTPS alone, so it
# has its own.
import web

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Update</title>
<p><input type="file" id="file" aria-label="Firmware"> <button id="send">Update</button>
<p><progress id="bar" value="0"></progress> <span id="state"></span>
<script>
const $ = id => document.getElementById(id);
function sha256(data) {
  const k = [], h = [], w = new Int32Array(64);
  for (let n = 2, i; k.length < 64; n++) {
    for (i = 2; n % i; i++);
    if (i < n) continue;
    if (k.length < 8) h.push(n ** (1 / 2) * 2 ** 32 | 0);
    k.push(n ** (1 / 3) * 2 ** 32 | 0);
  }
  const n = data.length, bytes = new Uint8Array(n + 72 & ~63), view = new DataView(bytes.buffer);
  bytes.set(data);
  bytes[n] = 128;
  view.setUint32(bytes.length - 8, n / 2 ** 29);
  view.setUint32(bytes.length - 4, n * 8);
  const r = (x, n) => x >>> n | x << 32 - n;
  for (let at = 0; at < bytes.length; at += 64) {
    let s = h.slice();
    for (let i = 0; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2], [a, b, c, d, e, f, g] = s;
      w[i] = i < 16 ? view.getInt32(at + 4 * i) : w[i - 16] + w[i - 7] +
        (r(x, 7) ^ r(x, 18) ^ x >>> 3) + (r(y, 17) ^ r(y, 19) ^ y >>> 10);
      const t = s[7] + (r(e, 6) ^ r(e, 11) ^ r(e, 25)) + (e & f ^ ~e & g) + k[i] + w[i];
      s = [
        t + (r(a, 2) ^ r(a, 13) ^ r(a, 22)) + (a & b ^ a & c ^ b & c) | 0, a, b, c,
        d + t | 0, e, f, g
      ];
    }
    s.forEach((x, i) => h[i] = h[i] + x | 0);
  }
  return h.map(x => (x >>> 0).toString(16).padStart(8, '0')).join('');
}
$('send').onclick = async () => {
  const file = $('file').files[0];
  if (!file) return;
  $('send').disabled = true;
  const data = new Uint8Array(await file.arrayBuffer()), request = new XMLHttpRequest();
  const end = text => { $('state').textContent = text; $('send').disabled = false; };
  request.open('PUT', '?sha256=' + sha256(data));
  request.upload.onprogress = e => {
    $('bar').value = e.loaded / e.total;
    $('state').textContent = Math.floor(100 * e.loaded / e.total) + ' %';
  };
  request.onload = () => end(request.status + ' ' + request.responseText);
  request.onerror = () => end('The connection broke off.');
  request.send(data);
};
</script>
"""


def page():
    """Return the page (str)."""
    web.forget("sender")  # it is long, and seldom asked for
    return _PAGE
