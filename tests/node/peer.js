// The package ws, led by lines of JSON on stdin, telling what happens on stdout:
//
//   node peer.js client URL OPTIONS, where options.protocols are its subprotocols
//   node peer.js server OPTIONS, which echoes the messages of one client
const { WebSocket, WebSocketServer } = require("ws");

function tell(...event) {
  process.stdout.write(JSON.stringify(event) + "\n");
}

function follow(ws, echoes) {
  ws.on("message", (data, binary) => {
    tell(binary ? "binary" : "text", data.toString(binary ? "base64" : "utf8"));
    if (echoes) ws.send(data, { binary });
  });
  ws.on("ping", (data) => tell("ping", data.toString()));
  ws.on("pong", (data) => tell("pong", data.toString()));
  ws.on("close", (code, reason) => {
    tell("close", code, reason.toString());
    process.stdout.write("", () => process.exit()); // once all is told
  });
  ws.on("error", (error) => tell("error", error.message));

  const actions = {
    text: (data) => ws.send(data),
    binary: (data) => ws.send(Buffer.from(data, "base64")),
    fragments: (...parts) =>
      parts.forEach((part, i) => ws.send(part, { fin: i === parts.length - 1 })),
    ping: (data) => ws.ping(data),
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  };
  require("readline")
    .createInterface({ input: process.stdin })
    .on("line", (line) => {
      const [action, ...args] = JSON.parse(line);
      actions[action](...args);
    });
}

const [role, ...args] = process.argv.slice(2);
const options = JSON.parse(args.pop());
if (role === "client") {
  const ws = new WebSocket(args[0], options.protocols || [], options);
  follow(ws);
  ws.on("open", () => tell("open", ws.protocol, ws.extensions));
} else {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, ...options });
  server.on("listening", () => tell("listening", server.address().port));
  server.on("connection", (ws, request) => {
    tell("open", ws.protocol, ws.extensions, request.headers);
    follow(ws, true);
  });
}
