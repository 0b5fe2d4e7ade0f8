"""Works at a terminal of its own in `sandyq sandbox shell`, as a person would. Arguments: the command. Prints JSON."""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE = 60

pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
before = termios.tcgetattr(terminal)
screen = b""


def sees(text, since):
    """Reads until the text is on the screen; gives the place behind it."""
    global screen
    until = time.monotonic() + PATIENCE
    while text not in screen[since:]:
        ready, _, _ = select.select([terminal], [], [], max(0, until - time.monotonic()))
        if not ready:
            sys.exit(f"no {text} in {screen}")
        try:
            more = os.read(terminal, 4096)
        except OSError:
            sys.exit(f"ended without {text}: {screen}")
        screen += more
    return screen.index(text, since) + len(text)


def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


at = sees(b"$ ", 0)
raw = termios.tcgetattr(terminal)
resize(33, 111)
# The new size may be told a moment after the key.
for _ in range(100):
    os.write(terminal, b"stty size\r")
    at = sees(b"\n", sees(b"stty size", at))
    at = sees(b"\n", at)
    if b"33 111" in screen:
        break
    time.sleep(0.1)
# A key that would interrupt the program interrupts the command.
os.write(terminal, b"sleep 100\r")
at = sees(b"sleep 100", at)
time.sleep(0.5)
os.write(terminal, b"\x03")
os.write(terminal, b"printf 'x\\033]52;c;eA==\\007y\\n'; echo $((40 + 2))\r")
at = sees(b"\n42\r\n", at)
os.write(terminal, b"printf '\\033[?1049h\\033[?25l'; exit\r")
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    screen += more
_, status = os.waitpid(pid, 0)
after = termios.tcgetattr(terminal)
print(
    json.dumps(
        {
            "status": os.waitstatus_to_exitcode(status),
            "screen": screen.decode(),
            "echo_before": bool(before[3] & termios.ECHO),
            "echo_after": bool(after[3] & termios.ECHO),
            "echo_within": bool(raw[3] & termios.ECHO),
            "signals_within": bool(raw[3] & termios.ISIG),
        }
    )
)
