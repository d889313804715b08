# RV32IMAC, native code: rv32imc
QEMU_ARCH = riscv32
QEMU_MACHINE = virt

CFLAGS += -DQEMU_SOC_VIRT
CFLAGS += -DMICROPY_HW_MCU_NAME='"RV32IMAC"'

LDSCRIPT = mcu/rv32/virt.ld

# The compiler finds its libraries by a name without the Zicsr extension.
LIBS = -march=rv32imac

SRC_BOARD_O += shared/runtime/gchelper_native.o shared/runtime/gchelper_rv32i.o

include $(BOARD_DIR)/../common/common.mk
