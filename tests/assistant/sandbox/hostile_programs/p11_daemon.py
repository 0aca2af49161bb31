"""Leave a daemon: twice forked, in a session of its own, without files, deaf to signals, with a heartbeat."""

import os
import signal
import time

import prelude

if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    os.closerange(0, 64)
    until = time.time() + 60
    while time.time() < until:
        with open("heartbeat", "w") as file:
            file.write(str(time.time()))
        time.sleep(0.05)
    os._exit(0)
while not os.path.exists("heartbeat"):
    time.sleep(0.01)
