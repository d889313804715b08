"""Other people's proxies in front of a server of ours, with the configurations that the
guide shows."""

from conftest import BUILD, Server, packages
from pages import blocks

GUIDE = "guides/proxy.md"
BOARD = "192.168.1.20:80"
FOLDERS = "".join(
    f"{kind}_temp_path {kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi", "client_body")
)
NGINX = f"""
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
access_log off;
{FOLDERS}
%s
}}
"""
CADDY = """
{
    admin off
    auto_https off
    log {
        level ERROR
    }
}
%s
"""
APACHE = """
ServerName test
ServerRoot "{folder}"
User nobody
Group nogroup
PidFile "{folder}/apache2.pid"
DefaultRuntimeDir "{folder}"
Mutex sem default
ErrorLog /dev/stderr
LogLevel error
Listen 127.0.0.1:{port}
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
{modules}
%s
"""
MODULES = ("mpm_event", "authz_core", "proxy", "proxy_http")


def shown(language, upstream, listens):
    """The guide's block in that language, for this server, with what it says of the port
    that it listens on replaced."""
    (block,) = blocks(GUIDE, language)
    assert BOARD in block and listens[0] in block
    return block.replace(BOARD, f"127.0.0.1:{upstream.port}").replace(*listens)


def nginx(folder, upstream, port):
    conf = folder / "nginx.conf"
    conf.write_text(NGINX % shown("nginx", upstream, ("listen 80", f"listen 127.0.0.1:{port}")))
    return [BUILD / "nginx" / "nginx", "-p", folder, "-c", conf, "-e", "stderr"]


def unbuffered_nginx(folder, upstream, port):
    command = nginx(folder, upstream, port)
    conf = folder / "nginx.conf"
    off = "proxy_buffering off; proxy_request_buffering off;"
    conf.write_text(conf.read_text().replace("location / {", "location / { " + off))
    return command


def haproxy(folder, upstream, port):
    conf = folder / "haproxy.cfg"
    conf.write_text(shown("haproxy", upstream, ("bind :80", f"bind 127.0.0.1:{port}")))
    return [BUILD / "proxies" / "haproxy", "-q", "-f", conf]


def caddy(folder, upstream, port):
    conf = folder / "Caddyfile"
    conf.write_text(
        CADDY % shown("caddy", upstream, (":80 {", f"http://:{port} {{\nbind 127.0.0.1"))
    )
    return ["env", f"HOME={folder}", BUILD / "proxies" / "caddy", "run", "--config", conf]


def apache(folder, upstream, port):
    conf = folder / "apache.conf"
    modules = BUILD / "proxies" / "modules"
    load = "\n".join(f'LoadModule {m}_module "{modules}/mod_{m}.so"' for m in MODULES)
    frame = APACHE.format(folder=folder, port=port, modules=load)
    conf.write_text(frame % shown("apache", upstream, ("*:80", f"127.0.0.1:{port}")))
    return [BUILD / "proxies" / "apache2", "-DFOREGROUND", "-f", conf]


PROXIES = {
    "nginx": nginx,
    "unbuffered nginx": unbuffered_nginx,
    "haproxy": haproxy,
    "caddy": caddy,
    "apache": apache,
}


class Proxy(Server):
    """A proxy in front of a server of ours."""

    def __init__(self, name, upstream, folder):
        self.name = name
        for tool in ("nginx/nginx", "proxies/apache2"):
            assert (BUILD / tool).exists(), f"no proxy: make build/{tool}"

        def command(port):
            return PROXIES[name](folder, upstream, port)

        super().__init__(upstream.parser, command, packages(upstream.parser))

    def stop(self):
        self.process.terminate()  # Apache has a child
        try:
            self.process.wait(5)
        finally:
            super().stop()
