"""Other people's programs, to test ours with."""

import base64
import json
import os
import queue
import shutil
import subprocess
import threading

from conftest import BUILD, ROOT, Server, packages

NGINX = BUILD / "nginx" / "nginx"
NODE_MODULES = "/usr/share/nodejs"  # where Debian has them
NGINX_CONF = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream app {{
        server 127.0.0.1:{upstream};
        keepalive 4;
    }}
    map $http_upgrade $connection_option {{
        default upgrade;
        '' '';
    }}
    server {{
        listen 127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_option;
        location / {{
            proxy_pass http://app;
        }}
        location /unbuffered/ {{
            proxy_pass http://app/;
            proxy_buffering off;
            proxy_request_buffering off;
        }}
    }}
}}
"""


class Nginx(Server):
    """nginx in front of a server of ours."""

    def __init__(self, upstream, folder):
        def command(port):
            conf = folder / "nginx.conf"
            conf.write_text(NGINX_CONF.format(port=port, upstream=upstream.port))
            return [NGINX, "-p", folder, "-c", conf, "-e", "stderr"]

        assert NGINX.exists(), "nginx is not there: make build/nginx/nginx"
        super().__init__(upstream.parser, command, packages(upstream.parser))


class Node:
    """tests/node/peer.js: peer.do("text", "hi") leads it, peer.next() is the next event
    that it tells, a list."""

    def __init__(self, role, *args, **options):
        node = shutil.which("node")
        assert node, "node is not installed"
        self.process = subprocess.Popen(
            [node, ROOT / "tests" / "node" / "peer.js", role, *args, json.dumps(options)],
            env={**os.environ, "NODE_PATH": NODE_MODULES},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def do(self, *action):
        self.process.stdin.write(json.dumps(action) + "\n")

    def next(self):
        line = self._lines.get(timeout=10)
        assert line, "node ended"
        event = json.loads(line)
        if event[0] == "binary":
            event[1] = base64.b64decode(event[1])
        return event

    def send_binary(self, data):
        self.do("binary", base64.b64encode(data).decode())
