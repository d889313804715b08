"""What tests/test_rp2040.py does with the chip."""

import emulators
from conftest import DEVICE
from wire import Client, wait_until

NAME = "rp2040"
ARCH = emulators.TARGETS[NAME].arch
NATIVE = f"native {ARCH}"


class ChipClient(Client):
    """wire's client, of the chip."""

    def __init__(self, board, port=80, window=None):
        super().__init__(board, socket=board.connect(port, window=window))


def begin(board, secure=False):
    """The application of device/chip.py, on a heap that nothing was in before."""
    board.soft_reset()
    board.begin(f"SECURE = {secure}\n" + (DEVICE / "chip.py").read_text())
    board.wait_for(f"{NATIVE} serving".encode())


def pass_time(board, seconds):
    """Let so many seconds of the chip's pass as fast as it can."""
    end = board.seconds + seconds
    with board.time_flies():
        wait_until(lambda: board.seconds > end, 60)
