const $ = id => document.getElementById(id);
const points = [];

function show({name, temperature, count}) {
  $('name').textContent = name;
  $('temperature').textContent = temperature;
  $('count').textContent = count;
  points.push(temperature);
  if (points.length > 120) points.shift();
  plot();
}

function plot() {
  const context = $('plot').getContext('2d');
  const least = Math.min(...points), most = Math.max(...points);
  context.clearRect(0, 0, 640, 120);
  context.beginPath();
  points.forEach((p, i) => {
    context.lineTo(i * 640 / 119, 110 - 100 * (p - least) / (most - least || 1));
  });
  context.strokeStyle = '#06c';
  context.lineWidth = 2;
  context.stroke();
}

fetch('/api/values').then(answer => answer.json()).then(show);
const source = new EventSource('/events');
source.onmessage = event => show(JSON.parse(event.data));
source.onerror = () => $('name').textContent = 'not connected';
