"""Runs a command on a terminal of its own: pty_run.py COLUMNS COMMAND...

What it writes there goes to standard output. The end of standard input hangs the terminal up, as closing its window does. The exit code is
the command's, or 128 and the signal that ended it.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

columns, command = int(sys.argv[1]), sys.argv[2:]
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
child = os.fork()
if child == 0:
    os.close(master)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    os.environ["TERM"] = "xterm"
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever nohup this runs under
    os.execvp(command[0], command)
os.close(slave)
while True:
    ready, _, _ = select.select([master, 0], [], [])
    if 0 in ready and not os.read(0, 4096):
        break
    if master in ready:
        try:
            said = os.read(master, 65536)
        except OSError:  # the command has ended
            break
        sys.stdout.buffer.write(said)
        sys.stdout.buffer.flush()
os.close(master)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
