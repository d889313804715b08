# A Wi-Fi network that it takes a moment to connect to.
STA_IF = 0


class WLAN:
    def __init__(self, interface):
        self._asked = None

    def active(self, on):
        self._active = on

    def connect(self, ssid, key):
        if not self._active:
            raise OSError(1)
        self._asked = 0

    def isconnected(self):
        self._asked += 1
        return self._asked > 1

    def ifconfig(self):
        return "127.0.0.1", "255.0.0.0", "0.0.0.0", "0.0.0.0"
