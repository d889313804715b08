# What phones and computers ask for to learn whether they have the internet, and what says
# that they have.
_APPLE = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
_MOZILLA = (
    '<meta http-equiv="refresh"' ' content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
)
_PROBES = (
    ("/hotspot-detect.html", _APPLE),  # captive.apple.com: iOS, macOS
    ("/library/test/success.html", _APPLE),
    ("/generate_204", None),  # connectivitycheck.gstatic.com: Android, ChromeOS
    ("/gen_204", None),
    ("/connecttest.txt", "Microsoft Connect Test"),  # www.msftconnecttest.com: Windows
    ("/ncsi.txt", "Microsoft NCSI"),  # www.msftncsi.com
    ("/success.txt", "success\n"),  # detectportal.firefox.com
    ("/canonical.html", _MOZILLA),
    ("/check_network_status.txt", "NetworkManager is online\n"),  # nmcheck.gnome.org
)


def answer(path):
    """Return what answers a request for a path (str) as if there were the internet, or None
    for a path that is none of these."""
    for known, text in _PROBES:
        if path == known:
            headers = {"Cache-Control": "no-store"}
            if text is None:
                return None, 204, headers
            if path[-4:] == ".txt":
                headers["Content-Type"] = "text/plain"
            return text, 200, headers
