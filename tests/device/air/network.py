# The Wi-Fi of a board, and the air that it is in: the file air.json has the networks that
# there are, {name in hexadecimal: password}, or no file is there.
import json

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_WRONG_PASSWORD = 202
STAT_NO_AP_FOUND = 201
AUTH_WPA2_PSK = 3


def _air():
    try:
        with open("air.json") as file:
            return json.load(file)
    except OSError:
        return {}


class WLAN:
    def __init__(self, interface):
        self._own = interface == AP_IF
        self._active = False
        self._asked = None
        self._options = None
        self._steps = 0

    def active(self, on):
        if self._own and on != self._active:
            print("access point", "on" if on else "off")
            if on:
                assert self._options["security"] == AUTH_WPA2_PSK
                assert len(self._options["key"]) >= 8
        self._active = on

    def config(self, **options):
        self._options = options

    def scan(self):
        if not self._active:
            raise OSError("Wifi Not Started")
        return [
            (bytes.fromhex(name), b"\0" * 6, 1, -40 - i, 3, False)
            for i, name in enumerate(sorted(_air()))
        ]

    def connect(self, ssid, key=None):
        if not self._active:
            raise OSError("Wifi Not Started")
        print("connect", len(ssid))
        self._asked = ssid, key
        self._steps = 0

    def disconnect(self):
        self._asked = None

    def status(self):
        if self._asked is None:
            return STAT_IDLE
        ssid, key = self._asked
        air = _air()
        name = ssid.encode().hex()
        self._steps += 1
        if self._steps < 2:
            return STAT_CONNECTING
        if name not in air:
            return STAT_NO_AP_FOUND
        return 1010 if air[name] == (key or "") else STAT_WRONG_PASSWORD

    def isconnected(self):
        return self.status() == 1010

    def ifconfig(self):
        ip = "127.0.0.1" if self._own else "192.168.1.50"
        return ip, "255.0.0.0", "0.0.0.0", "0.0.0.0"
