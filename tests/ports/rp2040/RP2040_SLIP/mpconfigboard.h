// A Pico whose network is a SLIP link on UART1, as lwIP has no other here.
#define MICROPY_HW_BOARD_NAME                   "Raspberry Pi Pico, SLIP"
#define MICROPY_HW_FLASH_STORAGE_BYTES          (848 * 1024) // a Pico W's
#define MICROPY_PY_NETWORK                      (1)
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT     "pico"
#define MICROPY_BOARD_PENDSV_ENTRIES            PENDSV_DISPATCH_LINK,
#define MICROPY_BOARD_EARLY_INIT()              link_init()
#define MICROPY_BOARD_END_SOFT_RESET()          link_uart()
void link_init(void);
void link_uart(void);
