// MicroPython for Node.js, as if it were the unix port:
//
//   MICROPYPATH=LIB node micropython.mjs MODULE SCRIPT ARGUMENTS...
//
// MODULE is its micropython.mjs. It has a file system of its own, in which the files of
// LIB, and of folders among the arguments, get the names that they have outside. It has
// no sockets, and in asyncio nothing that waits for them.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [module, script, ...args] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(path.resolve(module)));
const mp = await loadMicroPython({
  heapsize: 16 << 20,
  stdout: (line) => process.stdout.write(line + "\n"),
});

function copy(from) {
  if (fs.statSync(from).isDirectory()) {
    mp.FS.mkdirTree(from);
    for (const name of fs.readdirSync(from)) copy(path.join(from, name));
  } else {
    mp.FS.writeFile(from, fs.readFileSync(from));
  }
}

const lib = path.resolve(process.env.MICROPYPATH.split(":")[0]);
for (const name of [lib, ...args]) if (path.isAbsolute(name) && fs.existsSync(name)) copy(name);
mp.FS.writeFile("/main.py", fs.readFileSync(script));
mp.globals.set("argv", [script, ...args]);
mp.globals.set("lib", lib);
mp.runPython(`
import asyncio.core
import sys
asyncio.core.IOQueue = object
sys.path.append(lib)
sys.argv[:] = list(argv)
exec(open("/main.py").read(), {"__name__": "__main__"})
`);
