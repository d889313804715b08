# What a board tells of itself.
import gc
import os
import sys
import time

import web

on_board = sys.platform not in ('linux', 'darwin', 'win32')
_begun = time.ticks_ms()
_passed = [0, _begun]  # milliseconds that the program runs, and when that was looked at


def uptime():
    """Return for how many seconds the program runs. To be called now and then, as the counter
    of milliseconds begins anew after days."""
    now = time.ticks_ms()
    _passed[0] += time.ticks_diff(now, _passed[1])
    _passed[1] = now
    return _passed[0] // 1000


def hosts():
    """Return the names (list of str) under which browsers may reach the board, beside its
    addresses."""
    try:
        import network

        name = network.hostname()
        return [name, name + '.local']
    except (ImportError, AttributeError):
        return []


def name():
    """Return what the board is called."""
    if not on_board:
        return 'MicroPython on ' + sys.platform
    return sys.implementation._machine.split(' with ')[0]


def temperature():
    """Return a function that returns the chip's temperature in °C, or None if it has none."""
    try:
        import esp32

        if hasattr(esp32, 'mcu_temperature'):
            return esp32.mcu_temperature
        if hasattr(esp32, 'raw_temperature'):
            return lambda: (esp32.raw_temperature() - 32) / 1.8
    except ImportError:
        pass
    if sys.platform == 'rp2':
        from machine import ADC

        adc = ADC(4)
        # datasheet of the RP2040, 4.9.5
        return lambda: 27 - (adc.read_u16() * 3.3 / 65535 - 0.706) / 0.001721


def space(folder):
    """Return how many bytes of a folder's file system are free, and how many there are."""
    info = os.statvfs(folder or '/')
    return info[0] * info[3], info[1] * info[2]


def facts():
    """Return what is to be read on the page: list of (name, text)."""
    found = [
        ('Board', sys.implementation._machine),
        ('MicroPython', '.'.join([str(n) for n in sys.implementation.version[:3]])),
        ('aioweb', '{}, {} parser'.format(web.__version__, web.implementation)),
        ('Heap', '{} KB'.format((gc.mem_alloc() + gc.mem_free()) // 1024)),
    ]
    try:
        import machine

        freq = machine.freq()
        freq = freq if isinstance(freq, int) else freq[0]
        found.append(('Clock', '{} MHz'.format(freq // 1000000)))
    except (ImportError, AttributeError):
        pass
    return found
