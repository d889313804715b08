// A whole RP2040 in npm's rp2040js: its flash, its USB serial, and a SLIP link on UART1.
//
//   node chip.mjs RP2040JS BOOTROM FLASH
//
// FLASH is what the flash holds from its first byte on. Standard input and output carry
// messages of both directions: one byte that names the message, its length (4 bytes, the
// lowest first) and its bytes:
//
//   u  USB serial's data                    n  an IP packet of the link
//   >  to the chip: f asks for the flash, t for the chip's nanoseconds, r cuts the power
//      and boots again from the flash, p and q let idle time pass as on a clock on the
//      wall, or at once, and s EVERY asks for the flash in the midst of each such write
//   f, t, s  the answers
//
// Time is the chip's: what it computes takes the cycles that it takes, and while it
// waits its clock goes on with ours.
import { readFileSync, writeSync } from "node:fs";

const [library, bootrom, flashFile] = process.argv.slice(2);
const { RP2040, USBCDC, ConsoleLogger, LogLevel } = await import(library);

const END = 0xc0, ESC = 0xdb, END_ESCAPED = 0xdc, ESC_ESCAPED = 0xdd;
const NOP_RETURN = 0x4770; // bx lr
const BREAK = 0xbe00; // bkpt, with a number
const CYCLE = 8; // ns, at 125 MHz
const SECTOR = 45e6, PAGE = 0.4e6; // ns that it takes to erase and to program, W25Q16JV
const SIZE = 2 << 20; // of a Pico's flash
const SHORT = 2e5; // ns that are waited for at once
const SLICE = 4; // ms, after which input is looked for
const ROM = new Uint32Array(new Uint8Array(readFileSync(bootrom)).buffer.slice(0, 16384));

console.warn = () => {}; // which registers rp2040js does not know
let flash = new Uint8Array(readFileSync(flashFile));
let mcu, clock, serial, paced = true, off = false;
let writes = 0, every = 0;

function send(type, data = new Uint8Array(0)) {
  const head = Buffer.alloc(5);
  head[0] = type.charCodeAt(0);
  head.writeUInt32LE(data.length, 1);
  for (let left = Buffer.concat([head, data]); left.length; ) {
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

// -- the flash

// The functions of the boot ROM that talk to the flash chip, which is not emulated, are
// replaced: those that erase and program stop at a break point, the others return.
function patchRom(rom) {
  const half = new Uint16Array(rom.buffer);
  const functions = {};
  for (let i = half[0x14 / 2] / 2; half[i]; i += 2) {
    functions[String.fromCharCode(half[i] & 255, half[i] >> 8)] = (half[i + 1] & ~1) / 2;
  }
  for (const name of ["IF", "EX", "FC", "CX"]) half[functions[name]] = NOP_RETURN;
  ["RE", "RP"].forEach((name, i) => {
    half[functions[name]] = BREAK | (i + 1);
    half[functions[name] + 1] = NOP_RETURN;
  });
}

// What NOR flash does: erasing sets all bits, programming clears some.
function flashFunction(code) {
  if (code !== 1 && code !== 2) throw new Error(`break point ${code}`); // a panic
  const { registers } = mcu.core;
  const start = registers[0];
  const length = registers[code]; // erase(start, length), program(start, data, length)
  const shown = every && ++writes % every === 0;
  for (let i = 0; i < length; i++) {
    if (shown && i === length >> 1) send("s", mcu.flash.subarray(0, SIZE));
    if (code === 1) mcu.flash[start + i] = 0xff;
    else mcu.flash[start + i] &= mcu.readUint8(registers[1] + i);
  }
  clock.tick(code === 1 ? (length / 4096) * SECTOR : (length / 256) * PAGE);
}

// -- the link

const frame = [];
let escaped = false;

function fromUart(byte) {
  if (byte === END) {
    if (frame.length) send("n", Uint8Array.from(frame));
    frame.length = 0;
  } else if (byte === ESC) {
    escaped = true;
  } else {
    frame.push(escaped ? (byte === END_ESCAPED ? END : ESC) : byte);
    escaped = false;
  }
}

function toUart(packet) {
  const uart = mcu.uart[1];
  uart.feedByte(END);
  for (const byte of packet) {
    if (byte === END || byte === ESC) {
      uart.feedByte(ESC);
      uart.feedByte(byte === END ? END_ESCAPED : ESC_ESCAPED);
    } else {
      uart.feedByte(byte);
    }
  }
  uart.feedByte(END);
}

// As deep as needed: a byte waits in it where a real UART would come later.
class Queue {
  constructor() {
    this.items = [];
    this.first = 0;
  }
  get empty() {
    return this.first === this.items.length;
  }
  get full() {
    return false;
  }
  push(value) {
    if (this.empty) this.items.length = this.first = 0;
    this.items.push(value);
  }
  pull() {
    return this.empty ? 0 : this.items[this.first++];
  }
  reset() {
    this.items.length = this.first = 0;
  }
}

// -- USB

// rp2040js answers each packet that the chip is ready for, with nothing if there is
// nothing; a host sends none then.
class Serial extends USBCDC {
  constructor(usb) {
    super(usb);
    this.pending = [];
    this.room = 0;
    usb.onEndpointRead = (endpoint, size) => {
      if (endpoint === this.outEndpoint) {
        this.room = size;
        this.pass();
      }
    };
    this.onSerialData = (data) => send("u", data);
  }
  write(data) {
    this.pending.push(...data);
    this.pass();
  }
  pass() {
    if (this.room && this.pending.length) {
      const packet = Uint8Array.from(this.pending.splice(0, this.room));
      this.room = 0;
      this.usb.endpointReadDone(this.outEndpoint, packet);
    }
  }
}

// -- the chip

function boot() {
  mcu = new RP2040();
  clock = mcu.clock;
  mcu.logger = new ConsoleLogger(LogLevel.Error, false);
  const rom = ROM.slice();
  patchRom(rom);
  mcu.loadBootrom(rom);
  mcu.flash.set(flash);
  mcu.onBreak = flashFunction;
  mcu.peripherals[0x40058].onWatchdogTrigger = () => {
    off = true;
    flash = mcu.flash.slice();
    setImmediate(boot);
  };
  mcu.peripherals[0x40060].readUint32 = randomBit;
  mcu.uart[1].rxFIFO = new Queue();
  mcu.uart[1].onByte = fromUart;
  serial = new Serial(mcu.usbCtrl);
  mcu.core.PC = 0x10000000;
  off = false;
  frame.length = 0;
  escaped = false;
  schedule();
}

// What the ring oscillator gives for random bits, here the same ones each time (xorshift).
let noise = 2463534242;

function randomBit(offset) {
  if (offset !== 0x1c) return 0xffffffff;
  noise ^= noise << 13;
  noise ^= noise >>> 17;
  noise ^= noise << 5;
  return noise & 1;
}

let scheduled = false;
let asleep = null, sleptFrom, timer; // for how many ns of the chip, since when

function schedule() {
  if (!scheduled) {
    scheduled = true;
    setImmediate(run);
  }
}

function run() {
  scheduled = false;
  const { core } = mcu;
  const until = performance.now() + SLICE;
  while (!off) {
    if (core.waiting) {
      const idle = clock.nanosToNextAlarm || 1e6;
      if (paced && idle > SHORT) {
        sleptFrom = performance.now();
        asleep = idle;
        timer = setTimeout(wake, idle / 1e6);
        return;
      }
      clock.tick(idle);
      if (performance.now() > until) break;
    } else {
      for (let i = 0; i < 20000 && !core.waiting; i++) {
        clock.tick(core.executeInstruction() * CYCLE);
      }
      if (performance.now() > until) break;
    }
  }
  if (!off) schedule();
}

// The chip's clock goes on by as much as ours did, and no alarm is passed.
function wake() {
  if (asleep !== null) {
    clearTimeout(timer);
    const passed = (performance.now() - sleptFrom) * 1e6;
    clock.tick(Math.min(asleep, passed));
    asleep = null;
    schedule();
  }
}

// -- messages

function control(text) {
  const what = text[0];
  if (what === "f") send("f", mcu.flash.subarray(0, SIZE));
  else if (what === "t") send("t", Buffer.from(String(Math.round(clock.nanos))));
  else if (what === "p") paced = true;
  else if (what === "q") paced = false;
  else if (what === "s") every = Number(text.slice(1));
  else if (what === "r") {
    if (!off) flash = mcu.flash.slice();
    clearTimeout(timer);
    asleep = null;
    boot();
  }
}

let input = Buffer.alloc(0);
process.stdin.on("data", (data) => {
  wake();
  input = input.length ? Buffer.concat([input, data]) : data;
  while (input.length >= 5 && input.length >= 5 + input.readUInt32LE(1)) {
    const end = 5 + input.readUInt32LE(1);
    const message = input.subarray(5, end);
    const type = String.fromCharCode(input[0]);
    input = input.subarray(end);
    if (type === "u") serial.write(message);
    else if (type === "n") toUart(message);
    else control(message.toString());
  }
});
process.stdin.on("end", () => process.exit());
boot();
