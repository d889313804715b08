# As much of an ESP32's module as the package uses: what is written to the partition is in
# the file firmware.bin.
BLOCKS = 16


class Partition:
    RUNNING = 1

    def __init__(self, id):
        self._running = id == self.RUNNING

    @staticmethod
    def mark_app_valid_cancel_rollback():
        print("valid")

    def get_next_update(self):
        return Partition("ota_1")

    def info(self):
        return 0, 17, 0x1F0000, BLOCKS * 4096, "ota_1", False

    def writeblocks(self, number, buf):
        if self._running or not 0 <= number < BLOCKS or len(buf) % 4096:
            raise OSError(22)
        with open("firmware.bin", "r+b" if number else "wb") as file:
            file.seek(number * 4096)
            file.write(buf)

    def set_boot(self):
        with open("firmware.bin", "rb") as file:
            if file.read(1) != b"\xe9":  # with which images begin
                raise OSError(-0x1503, "ESP_ERR_OTA_VALIDATE_FAILED")
        print("will boot ota_1")


def mcu_temperature():
    return 41
